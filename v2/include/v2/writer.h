/*
 * Writer of v2 and v3 streams: takes image items, writes bytes. Layouts: Xen's docs/specs/
 * libxc-migration-stream and libxl-migration-stream; tools/libs/guest/xg_sr_stream_format.h and
 * tools/libs/light/libxl_sr_stream_format.h.
 */
#ifndef V2_WRITER_H
#define V2_WRITER_H

#include "base/image.h"
#include "base/output.h"

enum v2_format {
    V2_LIBXC, /* a libxc stream; a qemu record is copied unchanged after it */
    V2_LIBXL, /* a libxl stream with a libxc stream in it, and records for the emulator */
};

struct v2_options {
    enum v2_format format;
    unsigned version; /* of the libxc stream: 2 (any Xen since 4.6) or 3 (since 4.14) */
};

/* Initialise with v2_writer_init(). */
struct v2_writer {
    struct cls_output *out;
    struct v2_options options;
    bool started;
};

/*
 * Initialises the writer; it has nothing to free. options is copied. The caller keeps ownership of
 * out, which must outlive the writer.
 */
void v2_writer_init(struct v2_writer *writer, struct cls_output *out,
                    const struct v2_options *options);

#define V2_LIBXL_START 24 /* bytes of a libxl stream before the libxc stream */

/*
 * In libxl format: writes the first V2_LIBXL_START bytes. libxl crashes if its converter exits
 * without writing them, so call this early if the output is a pipe. In libxc format: does nothing.
 * To be called at most once; if it is not called, v2_writer_put() calls it at IMAGE_BEGIN.
 */
bool v2_writer_start(struct v2_writer *writer, struct cls_error *err) CLS_MUST_CHECK;

/* Stores the bytes that v2_writer_start() writes in libxl format. Async-signal-safe. */
void v2_libxl_start(uint8_t bytes[V2_LIBXL_START]);

/*
 * Writes one item. The order of items must be that of base/image.h. Bulk is moved from the input in
 * the item. Fails with CLS_BAD_INPUT if that input ends early, else with CLS_SYSTEM.
 */
bool v2_writer_put(struct v2_writer *writer, const struct image_item *item,
                   struct cls_error *err) CLS_MUST_CHECK;

#endif
