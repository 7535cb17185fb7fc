/*
 * Verifier of v2 and v3 streams. It checks everything that Xen's own verifier checks
 * (tools/python/xen/migration), and everything that Xen's restore code would reject and that can be
 * checked in the stream (tools/libs/guest/xg_sr_restore*.c, tools/libs/light/libxl_stream_read.c).
 * docs/deviations.md has the table.
 */
#ifndef V2_VERIFY_H
#define V2_VERIFY_H

#include "base/image.h"
#include "base/log.h"
#include "base/trace.h"
#include "v2/format.h"

enum v2_stream {
    V2_STREAM_UNKNOWN,
    V2_STREAM_LIBXC,
    V2_STREAM_LIBXL,
};

/* The content of a stream. */
struct v2_summary {
    enum v2_stream stream;
    unsigned version; /* of the libxc stream */
    enum guest_type guest;
    unsigned guest_width, pt_levels; /* PV: in bytes; 3 or 4; else 0 */
    bool converted;                  /* from a legacy stream, according to the domain header */
    uint64_t pages[16];              /* page entries by type */
    uint64_t records[REC_TYPE_KNOWN];
    uint64_t optional_records; /* of unknown type, skipped */
    uint64_t libxl_records[LIBXL_REC_TYPE_KNOWN];
    uint64_t bytes; /* size of the stream */
};

#define V2_XENSTORE_SHOWN 96

/* Functions that the verifier calls for each part of the stream, unless they are NULL. */
struct v2_observer {
    struct stream_trace parts; /* headers and records, including rejected ones */
    /* An entry of a PAGE_DATA record. */
    void (*page)(void *ctx, unsigned type, uint64_t pfn);
    /*
     * An image item that corresponds to a record: P2M_FRAMES (without frames), TSC_INFO,
     * HVM_PARAMS (one parameter in each call), HVM_CONTEXT, VCPU_BASIC, VCPU_EXTENDED, VCPU_XSAVE,
     * EMULATOR (its lead is that of the qemu record, or libxl's emulator header). The function may
     * consume data in the input, or a part of it. A len of UINT64_MAX means that the data extends
     * to the end of the input. The verification ends if the function returns false with err.
     */
    bool (*item)(void *ctx, const struct image_item *item, struct cls_error *err);
    /* An entry of EMULATOR_XENSTORE_DATA; both are truncated to V2_XENSTORE_SHOWN - 1 bytes. */
    void (*xenstore)(void *ctx, const char *key, const char *value);
    void *ctx;
};

/* Sets *stream by the magic in the next bytes. Consumes nothing. Fails if reading fails. */
bool v2_recognise(struct cls_input *in, enum v2_stream *stream,
                  struct cls_error *err) CLS_MUST_CHECK;

/* How much of the input belongs to the stream. */
enum v2_extent {
    /*
     * The input ends after END; in libxc format, a qemu record, as converters copy it, may follow
     * END. The end of a socket is not checked, because reading it may block forever.
     */
    V2_TO_THE_LAST_BYTE,
    V2_TO_END_RECORD, /* bytes after END do not belong to the stream and are not read */
};

/*
 * Verifies the stream that begins at the next byte of in. Memory is constant; page contents are
 * skipped. Logs each record (CLS_LOG_INFO), with one line for consecutive page data. If the stream
 * is not sound, fails with CLS_BAD_INPUT, and err has offset, record and rule. summary is filled up
 * to the error. log and observer may be NULL.
 */
bool v2_verify(struct cls_input *in, enum v2_stream stream, enum v2_extent extent,
               const struct cls_log *log, const struct v2_observer *observer,
               struct v2_summary *summary, struct cls_error *err) CLS_MUST_CHECK;

/* Names as in Xen's headers, without prefix: "PAGE_DATA". Static; NULL for an unknown type. */
const char *v2_record_name(uint32_t type);
const char *v2_libxl_record_name(uint32_t type);

#endif
