/*
 * libxl's "toolstack" blob, version 1: QEMU's physmap entries. Its layout depends on the width of
 * the toolstack that wrote it (libxl__toolstack_save in tools/libxl/libxl_dom.c of Xen 4.5): a
 * 64-bit build also writes the 4 bytes of struct padding behind each name, whose content is
 * garbage.
 */
#ifndef LEGACY_TOOLSTACK_H
#define LEGACY_TOOLSTACK_H

#include "base/held.h"
#include "base/image.h"

/*
 * Far above real blobs (a few KiB), and enough for a million entries. It bounds the memory that a
 * stream can make us use.
 */
#define TOOLSTACK_BLOB_MAX ((size_t)48 * 1024 * 1024)

/* Version and count: all that savers wrote for PV guests. */
#define TOOLSTACK_BLOB_HEADER 8

struct toolstack_blob {
    struct cls_held held;
    unsigned width;
    uint32_t count; /* entries */
};

/*
 * Consumes len bytes of in and checks every entry, so that toolstack_next() can't fail. Replaces
 * the blob's content. Start with all zero; free with toolstack_free().
 */
bool toolstack_read(struct toolstack_blob *blob, struct cls_input *in, uint32_t len, unsigned width,
                    struct cls_error *err) CLS_MUST_CHECK;

/* As image_physmap.next; ctx is the struct toolstack_blob. */
void toolstack_next(const void *ctx, size_t *pos, struct image_physmap_entry *entry);

void toolstack_free(struct toolstack_blob *blob);

#endif
