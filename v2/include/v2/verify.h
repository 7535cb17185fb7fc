/*
 * Verifier of v2 (and v3) streams: all that Xen's own verifier checks (tools/python/xen/migration),
 * and all that restore code would reject and that the stream itself can show
 * (tools/libs/guest/xg_sr_restore*.c, tools/libs/light/libxl_stream_read.c). docs/deviations.md has
 * the table.
 */
#ifndef V2_VERIFY_H
#define V2_VERIFY_H

#include "base/image.h"
#include "base/log.h"
#include "v2/format.h"

enum v2_stream {
    V2_STREAM_UNKNOWN,
    V2_STREAM_LIBXC,
    V2_STREAM_LIBXL,
};

/* What a stream consists of, for people to read. */
struct v2_summary {
    enum v2_stream stream;
    unsigned version; /* of the libxc stream */
    enum guest_type guest;
    unsigned guest_width, pt_levels; /* PV: bytes, levels; else 0 */
    bool converted;                  /* the domain header says: from a legacy stream */
    uint64_t pages[16];              /* page entries by type */
    uint64_t records[REC_TYPE_KNOWN];
    uint64_t optional_records; /* skipped, unknown */
    uint64_t libxl_records[LIBXL_REC_TYPE_KNOWN];
    uint64_t bytes;
};

/* What the next bytes begin, from their magic. Consumes nothing. */
bool v2_recognise(struct cls_input *in, enum v2_stream *stream,
                  struct cls_error *err) CLS_MUST_CHECK;

/*
 * Verifies the stream at which in stands, up to and with its end: END, and in libxc format the qemu
 * record that converters copy behind it; then nothing may follow, which is looked for except in
 * sockets (where waiting for more might never end). Memory is constant; page contents are skipped.
 *
 * Each record is told to log (CLS_LOG_INFO), page data counted together. err names offset, record
 * and rule: CLS_BAD_INPUT. summary is filled as far as it went; log may be NULL.
 */
bool v2_verify(struct cls_input *in, enum v2_stream stream, const struct cls_log *log,
               struct v2_summary *summary, struct cls_error *err) CLS_MUST_CHECK;

/*
 * As v2_verify() for a libxc stream that lies in something larger: up to its END; what follows is
 * the caller's.
 */
bool v2_verify_embedded(struct cls_input *in, const struct cls_log *log, struct v2_summary *summary,
                        struct cls_error *err) CLS_MUST_CHECK;

/* Names as in Xen's headers, without prefix: "PAGE_DATA"; NULL for an unknown type. */
const char *v2_record_name(uint32_t type);
const char *v2_libxl_record_name(uint32_t type);

#endif
