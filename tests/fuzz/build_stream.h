/*
 * Legacy streams that are right, or nearly right, made of choices.
 */
#ifndef FUZZ_BUILD_STREAM_H
#define FUZZ_BUILD_STREAM_H

#include "choices.h"

#define STREAM_MAX  ((size_t)512 * 1024)
#define STREAM_PFNS 4160 /* no pfn beyond, as long as all is honest */

enum qemu_signature {
    QEMU_LIBXL, /* DeviceModelRecord0002 */
    QEMU_REMUS, /* RemusDeviceModelState */
    QEMU_XEND,  /* QemuDeviceModelRecord, to the end */
    QEMU_XAPI,  /* the same, a newline, and a big-endian length */
    QEMU_SIGNATURES
};

/* What the choices make of it. Width, guest_width and hvm are given with the shape. */
struct stream_shape {
    unsigned width, guest_width; /* in bytes */
    bool hvm, extended_info, extended, xsave, compressed;
    bool tmem_pages; /* honest, if they are to be dropped */
    uint8_t further_checkpoints;
    enum qemu_signature signature;
};

/* Takes the shape from the first choices, all but tmem_pages. */
void choose_shape(struct choices *c, struct stream_shape *shape);

/* Puts the stream behind what b holds. c->bent says whether all is honest. */
void build_stream(struct choices *c, const struct stream_shape *shape, struct bytes *b);

#endif
