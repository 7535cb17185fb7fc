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
 * Bytes. Limits the memory that a stream can make us use. Real blobs have a few KiB; this is enough
 * for a million entries.
 */
#define TOOLSTACK_BLOB_MAX ((size_t)48 * 1024 * 1024)

/* Version and count. Blobs of PV guests have nothing else. */
#define TOOLSTACK_BLOB_HEADER 8

struct toolstack_blob {
    struct cls_held held;
    unsigned width; /* of the saving toolstack, in bytes */
    uint32_t count; /* number of entries */
};

/*
 * Consumes len bytes of in and checks every entry, so that toolstack_next() cannot fail. Replaces
 * the blob's content. Fails with CLS_BAD_INPUT if the blob is invalid or longer than
 * TOOLSTACK_BLOB_MAX. Initialise blob to zero; free with toolstack_free(), also after a failure.
 */
bool toolstack_read(struct toolstack_blob *blob, struct cls_input *in, uint32_t len, unsigned width,
                    struct cls_error *err) CLS_MUST_CHECK;

/* The next() of a struct image_physmap; ctx is the struct toolstack_blob. */
void toolstack_next(const void *ctx, size_t *pos, struct image_physmap_entry *entry);

/* Frees the memory of the blob, which is empty then. */
void toolstack_free(struct toolstack_blob *blob);

#endif
