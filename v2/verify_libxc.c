/*
 * The libxc stream: its headers, its records one after the other, and which ones must be there.
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "verify_internal.h"

static bool verify_image_header(struct verifier *v, struct cls_error *err)
{
    uint64_t start = v->in->offset;
    uint16_t options;
    uint32_t version;

    cls_input_at(v->in, "image header", -1, NULL);
    show_part(v, "libxc", "image header", start);
    if (!cls_input_read(v->in, v->buf, IHDR_SIZE, "the image header", err))
        return false;
    if (get_be64(v->buf) != IHDR_MARKER)
        return cls_input_fail(v->in, err, start,
                              "marker 0x%016" PRIx64 " is not 0xffffffffffffffff",
                              get_be64(v->buf));
    if (get_be32(v->buf + 8) != IHDR_ID)
        return cls_input_fail(v->in, err, start + 8, "id 0x%08" PRIx32 ", expected 0x%08x",
                              get_be32(v->buf + 8), IHDR_ID);
    version = get_be32(v->buf + 12);
    if (version != 2 && version != 3)
        return cls_input_fail(v->in, err, start + 12, "version %" PRIu32 " is neither 2 nor 3",
                              version);
    options = get_be16(v->buf + 16);
    if (options & IHDR_OPT_BIG_ENDIAN)
        return cls_input_fail(v->in, err, start + 16, "big-endian streams are not supported");
    if (options != 0)
        return cls_input_fail(v->in, err, start + 16, "reserved options in 0x%04x", options);
    for (size_t i = 18; i < IHDR_SIZE; i++)
        if (v->buf[i] != 0)
            return cls_input_fail(v->in, err, start + i, "reserved field is not zero");
    v->summary->version = version;
    return true;
}

static bool verify_domain_header(struct verifier *v, struct cls_error *err)
{
    uint64_t start = v->in->offset;
    uint32_t type, major;

    cls_input_at(v->in, "domain header", -1, NULL);
    show_part(v, "libxc", "domain header", start);
    if (!cls_input_read(v->in, v->buf, DHDR_SIZE, "the domain header", err))
        return false;
    type = get_le32(v->buf);
    major = get_le32(v->buf + 8);
    if (type != DHDR_TYPE_X86_PV && type != DHDR_TYPE_X86_HVM)
        return cls_input_fail(v->in, err, start, "domain type %" PRIu32 " is neither PV nor HVM",
                              type);
    if (get_le16(v->buf + 4) != DHDR_PAGE_SHIFT)
        return cls_input_fail(v->in, err, start + 4, "page shift %u, expected %d",
                              get_le16(v->buf + 4), DHDR_PAGE_SHIFT);
    if (get_le16(v->buf + 6) != 0)
        return cls_input_fail(v->in, err, start + 6, "reserved field is not zero");
    v->summary->guest = type == DHDR_TYPE_X86_PV ? GUEST_PV : GUEST_HVM;
    v->summary->converted = major == 0;
    cls_info(v->log, "libxc stream, version %u: %s guest, %s %" PRIu32 ".%" PRIu32,
             v->summary->version, guest_type_name(v->summary->guest),
             major == 0 ? "converted from a legacy stream by converter" : "saved by Xen", major,
             get_le32(v->buf + 12));
    return true;
}

/* Page data comes in thousands of records, which are logged together. */
static void log_record(struct verifier *v)
{
    if (v->type == REC_TYPE_PAGE_DATA) {
        v->squashed++;
        return;
    }
    if (v->squashed > 0)
        cls_info(v->log, "PAGE_DATA: %" PRIu64 " records, %" PRIu64 " pages", v->squashed,
                 v->squashed_pages);
    v->squashed = v->squashed_pages = 0;
    if (v->name)
        cls_info(v->log, "byte 0x%" PRIx64 ": %s, %" PRIu32 " bytes", v->start, v->name, v->length);
    else
        cls_info(v->log, "byte 0x%" PRIx64 ": optional record type 0x%08" PRIx32 " skipped",
                 v->start, v->type);
}

static bool verify_record(struct verifier *v, struct cls_error *err)
{
    if (!read_record_header(v, "libxc", v2_record_name, err))
        return false;
    if (!v->name && !(v->type & REC_TYPE_OPTIONAL))
        return bad_record(v, err, "unknown mandatory record type 0x%08" PRIx32, v->type);
    if (v->length > REC_LENGTH_MAX)
        return bad_record(v, err, "length %" PRIu32 " is above the maximum %u", v->length,
                          REC_LENGTH_MAX);
    log_record(v);
    if (v->name) {
        v->summary->records[v->type]++;
        return verify_libxc_record(v, err) && check_padding(v, err);
    }
    v->summary->optional_records++;
    return cls_input_skip(v->in, v->length, "the record", err) && check_padding(v, err);
}

/* The records that every restore needs, and that the frame list fits the guest. */
static bool check_complete(struct verifier *v, struct cls_error *err)
{
    static const uint32_t pv[] = {REC_TYPE_STATIC_DATA_END,
                                  REC_TYPE_X86_PV_INFO,
                                  REC_TYPE_X86_PV_P2M_FRAMES,
                                  REC_TYPE_PAGE_DATA,
                                  REC_TYPE_X86_PV_VCPU_BASIC,
                                  REC_TYPE_SHARED_INFO,
                                  REC_TYPE_END};
    static const uint32_t hvm[] = {REC_TYPE_STATIC_DATA_END, REC_TYPE_HVM_PARAMS,
                                   REC_TYPE_HVM_CONTEXT, REC_TYPE_END};
    const char *missing = missing_record(v, v->summary->guest == GUEST_PV ? pv : hvm);

    if (missing)
        return bad_record(v, err, "the stream ends without %s", missing);
    if (v->summary->guest == GUEST_PV && !v->vcpu0_basic)
        return bad_record(v, err, "the stream ends without X86_PV_VCPU_BASIC of vcpu 0");
    return v->max_frame <= v->max_pfn || bad_record(v, err,
                                                    "X86_PV_P2M_FRAMES names frame 0x%" PRIx64
                                                    ", above the guest's last pfn, 0x%" PRIx64,
                                                    v->max_frame, v->max_pfn);
}

bool verify_libxc(struct verifier *v, struct cls_error *err)
{
    if (!verify_image_header(v, err) || !verify_domain_header(v, err))
        return false;
    do {
        if (!verify_record(v, err))
            return false;
    } while (v->type != REC_TYPE_END);
    return check_complete(v, err);
}
