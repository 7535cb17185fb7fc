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
#include "base/trace.h"
#include "v2/format.h"

enum v2_stream {
    V2_STREAM_UNKNOWN,
    V2_STREAM_LIBXC,
    V2_STREAM_LIBXL,
};

/* What a stream consists of. */
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

#define V2_XENSTORE_SHOWN 96

/* Takes what the verifier finds, as it goes. Functions that are NULL are not called. */
struct v2_observer {
    struct stream_trace parts; /* headers and records, also those that are rejected */
    /* An entry of a PAGE_DATA record. */
    void (*page)(void *ctx, unsigned type, uint64_t pfn);
    /*
     * What corresponds to an image item, one by one: P2M_FRAMES (without frames), TSC_INFO,
     * HVM_PARAMS (one at a time), HVM_CONTEXT, VCPU_BASIC, VCPU_EXTENDED, VCPU_XSAVE, EMULATOR. Its
     * lead is the qemu record's, or libxl's emulator header. Data that lies next in the input may
     * be consumed in part; len UINT64_MAX: it reaches to the end of the input. Returns false, and
     * err filled, to end it.
     */
    bool (*item)(void *ctx, const struct image_item *item, struct cls_error *err);
    /* An entry of EMULATOR_XENSTORE_DATA; both strings are cut to V2_XENSTORE_SHOWN - 1 bytes. */
    void (*xenstore)(void *ctx, const char *key, const char *value);
    void *ctx;
};

/* The kind of stream that begins with the next bytes, by its magic. Consumes nothing. */
bool v2_recognise(struct cls_input *in, enum v2_stream *stream,
                  struct cls_error *err) CLS_MUST_CHECK;

/* How much of the input belongs to the stream. */
enum v2_extent {
    V2_TO_THE_LAST_BYTE, /* END, in libxc format the qemu record that converters copy behind it, and
                            nothing else; sockets, where more may never come, are not asked for it
                          */
    V2_TO_END_RECORD,    /* what follows END is the caller's, and is not read */
};

/*
 * Verifies the stream at which in stands. Memory is constant; page contents are skipped.
 *
 * Logs each record (CLS_LOG_INFO), and page data as one line. err names offset, record
 * and rule: CLS_BAD_INPUT. summary is filled up to there; log and observer may be NULL.
 */
bool v2_verify(struct cls_input *in, enum v2_stream stream, enum v2_extent extent,
               const struct cls_log *log, const struct v2_observer *observer,
               struct v2_summary *summary, struct cls_error *err) CLS_MUST_CHECK;

/* Names as in Xen's headers, without prefix: "PAGE_DATA"; NULL for an unknown type. */
const char *v2_record_name(uint32_t type);
const char *v2_libxl_record_name(uint32_t type);

#endif
