/*
 * Writer of the v2 stream: image items in, bytes out. Layouts: Xen's docs/specs/
 * libxc-migration-stream and libxl-migration-stream; tools/libs/guest/xg_sr_stream_format.h and
 * tools/libs/light/libxl_sr_stream_format.h.
 */
#ifndef V2_WRITER_H
#define V2_WRITER_H

#include "base/image.h"
#include "base/output.h"

enum v2_format {
    V2_LIBXC, /* the libxc stream alone; a qemu record is copied behind it as it was */
    V2_LIBXL, /* libxl's stream around it, with records for the emulator */
};

struct v2_options {
    enum v2_format format;
    unsigned version; /* of the libxc stream: 2 (any Xen since 4.6) or 3 (since 4.14) */
};

struct v2_writer {
    struct cls_output *out;
    struct v2_options options;
    bool started;
};

/* out stays the caller's and must outlive the writer, which needs no release. */
void v2_writer_init(struct v2_writer *writer, struct cls_output *out,
                    const struct v2_options *options);

/*
 * In libxl format: writes what precedes the libxc stream (V2_LIBXL_START bytes). libxl crashes if
 * its converter exits without these, so call this early where the output is a pipe. In libxc
 * format: does nothing. To be called at most once; else IMAGE_BEGIN does it.
 */
#define V2_LIBXL_START 24
bool v2_writer_start(struct v2_writer *writer, struct cls_error *err) CLS_MUST_CHECK;

/* The bytes that v2_writer_start() writes in libxl format. */
void v2_libxl_start(uint8_t bytes[V2_LIBXL_START]);

/*
 * Writes one item; items come in the order that base/image.h states. Bulk is moved from the input
 * that the item names. Fails with CLS_BAD_INPUT where that input ends early, else CLS_SYSTEM.
 */
bool v2_writer_put(struct v2_writer *writer, const struct image_item *item,
                   struct cls_error *err) CLS_MUST_CHECK;

#endif
