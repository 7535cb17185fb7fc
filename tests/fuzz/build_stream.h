/*
 * Builds valid and slightly invalid legacy streams from choices.
 */
#ifndef FUZZ_BUILD_STREAM_H
#define FUZZ_BUILD_STREAM_H

#include "choices.h"

#define STREAM_MAX  ((size_t)512 * 1024)
#define STREAM_PFNS 4160 /* limit of pfns in valid streams */

enum qemu_signature {
    QEMU_LIBXL, /* DeviceModelRecord0002 */
    QEMU_REMUS, /* RemusDeviceModelState */
    QEMU_XEND,  /* QemuDeviceModelRecord, to the end */
    QEMU_XAPI,  /* the same, a newline, and a big-endian length */
    QEMU_SIGNATURES
};

/* The properties of a stream that are chosen before it is built. */
struct stream_shape {
    unsigned width, guest_width; /* in bytes */
    bool hvm, extended_info, extended, xsave, compressed;
    bool tmem_pages; /* valid only with --drop-tmem */
    uint8_t further_checkpoints;
    enum qemu_signature signature;
};

/* Sets the shape from the first choices, except for tmem_pages. */
void choose_shape(struct choices *c, struct stream_shape *shape);

/* Appends the stream to b. c->has_invalid is set if it may be invalid. */
void build_stream(struct choices *c, const struct stream_shape *shape, struct bytes *b);

#endif
