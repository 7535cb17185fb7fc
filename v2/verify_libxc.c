/*
 * The libxc stream: headers, the run of its records, and what must have been there at its end.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "verify_internal.h"

#define GUEST_PV_ONLY  1
#define GUEST_HVM_ONLY 2
#define GUEST_ANY      3

/* Which guests have a record, and in which versions. */
static const struct record_type {
    const char *name;
    unsigned guests;
    unsigned min_version;
} record_types[REC_TYPE_KNOWN] = {
    [REC_TYPE_END] = {"END", GUEST_ANY, 2},
    [REC_TYPE_PAGE_DATA] = {"PAGE_DATA", GUEST_ANY, 2},
    [REC_TYPE_X86_PV_INFO] = {"X86_PV_INFO", GUEST_PV_ONLY, 2},
    [REC_TYPE_X86_PV_P2M_FRAMES] = {"X86_PV_P2M_FRAMES", GUEST_PV_ONLY, 2},
    [REC_TYPE_X86_PV_VCPU_BASIC] = {"X86_PV_VCPU_BASIC", GUEST_PV_ONLY, 2},
    [REC_TYPE_X86_PV_VCPU_EXTENDED] = {"X86_PV_VCPU_EXTENDED", GUEST_PV_ONLY, 2},
    [REC_TYPE_X86_PV_VCPU_XSAVE] = {"X86_PV_VCPU_XSAVE", GUEST_PV_ONLY, 2},
    [REC_TYPE_SHARED_INFO] = {"SHARED_INFO", GUEST_PV_ONLY, 2},
    [REC_TYPE_X86_TSC_INFO] = {"X86_TSC_INFO", GUEST_ANY, 2},
    [REC_TYPE_HVM_CONTEXT] = {"HVM_CONTEXT", GUEST_HVM_ONLY, 2},
    [REC_TYPE_HVM_PARAMS] = {"HVM_PARAMS", GUEST_HVM_ONLY, 2},
    [REC_TYPE_TOOLSTACK] = {"TOOLSTACK", GUEST_ANY, 2},
    [REC_TYPE_X86_PV_VCPU_MSRS] = {"X86_PV_VCPU_MSRS", GUEST_PV_ONLY, 2},
    [REC_TYPE_VERIFY] = {"VERIFY", GUEST_ANY, 2},
    [REC_TYPE_CHECKPOINT] = {"CHECKPOINT", GUEST_ANY, 2},
    [REC_TYPE_CHECKPOINT_DIRTY_PFN_LIST] = {"CHECKPOINT_DIRTY_PFN_LIST", GUEST_ANY, 2},
    [REC_TYPE_STATIC_DATA_END] = {"STATIC_DATA_END", GUEST_ANY, 3},
    [REC_TYPE_X86_CPUID_POLICY] = {"X86_CPUID_POLICY", GUEST_ANY, 3},
    [REC_TYPE_X86_MSR_POLICY] = {"X86_MSR_POLICY", GUEST_ANY, 3},
};

const char *v2_record_name(uint32_t type)
{
    return type < REC_TYPE_KNOWN ? record_types[type].name : NULL;
}

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
        return cls_input_fail(v->in, err, start, "the marker 0x%016" PRIx64 " is not all ones",
                              get_be64(v->buf));
    if (get_be32(v->buf + 8) != IHDR_ID)
        return cls_input_fail(v->in, err, start + 8, "id 0x%08" PRIx32 " instead of 0x%08x",
                              get_be32(v->buf + 8), IHDR_ID);
    version = get_be32(v->buf + 12);
    if (version != 2 && version != 3)
        return cls_input_fail(v->in, err, start + 12, "version %" PRIu32 " is neither 2 nor 3",
                              version);
    options = get_be16(v->buf + 16);
    if (options & IHDR_OPT_BIG_ENDIAN)
        return cls_input_fail(v->in, err, start + 16, "a big-endian stream");
    if (options != 0)
        return cls_input_fail(v->in, err, start + 16, "reserved options in 0x%04x", options);
    for (size_t i = 18; i < IHDR_SIZE; i++)
        if (v->buf[i] != 0)
            return cls_input_fail(v->in, err, start + i, "a reserved field is not zero");
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
        return cls_input_fail(v->in, err, start + 4, "page shift %u instead of %d",
                              get_le16(v->buf + 4), DHDR_PAGE_SHIFT);
    if (get_le16(v->buf + 6) != 0)
        return cls_input_fail(v->in, err, start + 6, "a reserved field is not zero");
    v->summary->guest = type == DHDR_TYPE_X86_PV ? GUEST_PV : GUEST_HVM;
    v->summary->converted = major == 0;
    cls_info(v->log, "libxc stream, version %u: %s guest, %s %" PRIu32 ".%" PRIu32,
             v->summary->version, guest_type_name(v->summary->guest),
             major == 0 ? "converted from a legacy stream by converter" : "saved by Xen", major,
             get_le32(v->buf + 12));
    return true;
}

/* What the type alone forbids. */
static bool check_type(struct verifier *v, struct cls_error *err)
{
    const struct record_type *type = &record_types[v->type];
    unsigned guest = v->summary->guest == GUEST_PV ? GUEST_PV_ONLY : GUEST_HVM_ONLY;

    if (v->length > REC_LENGTH_MAX)
        return bad_record(v, err, "length %" PRIu32 " is above %u", v->length, REC_LENGTH_MAX);
    if (!(type->guests & guest))
        return bad_record(v, err, "not a record of a %s guest", guest_type_name(v->summary->guest));
    if (v->summary->version < type->min_version)
        return bad_record(v, err, "not a record of version %u", v->summary->version);
    return true;
}

/* Page data comes in thousands of records, which are told of together. */
static void tell(struct verifier *v)
{
    if (v->type == REC_TYPE_PAGE_DATA) {
        v->squashed++;
        return;
    }
    tell_squashed(v);
    cls_info(v->log, "byte 0x%" PRIx64 ": %s, %" PRIu32 " bytes", v->start, v2_record_name(v->type),
             v->length);
}

static bool verify_record(struct verifier *v, struct cls_error *err)
{
    if (!read_record_header(v, v2_record_name, err))
        return false;
    show_part(v, "libxc", v2_record_name(v->type) ? v2_record_name(v->type) : "unknown", v->start);
    if (!v2_record_name(v->type)) {
        if (!(v->type & REC_TYPE_OPTIONAL))
            return bad_record(v, err, "mandatory record type 0x%08" PRIx32 " is unknown", v->type);
        if (v->length > REC_LENGTH_MAX)
            return bad_record(v, err, "length %" PRIu32 " is above %u", v->length, REC_LENGTH_MAX);
        v->summary->optional_records++;
        tell_squashed(v);
        cls_info(v->log, "byte 0x%" PRIx64 ": optional record type 0x%08" PRIx32 " skipped",
                 v->start, v->type);
        return cls_input_skip(v->in, v->length, "the record", err) && check_padding(v, err);
    }
    if (!check_type(v, err))
        return false;
    v->summary->records[v->type]++;
    tell(v);
    return verify_libxc_record(v, err) && check_padding(v, err);
}

/* What every restore needs to have seen. */
static bool check_complete(struct verifier *v, struct cls_error *err)
{
    const char *missing = NULL;

    if (v->summary->version >= 3 && !v->static_data_end)
        missing = "STATIC_DATA_END";
    else if (v->summary->guest == GUEST_HVM)
        missing = !v->hvm_params ? "HVM_PARAMS" : !v->hvm_context ? "HVM_CONTEXT" : NULL;
    else if (!v->pv_info)
        missing = "X86_PV_INFO";
    else if (!v->p2m_frames)
        missing = "X86_PV_P2M_FRAMES";
    else if (!v->page_data)
        missing = "PAGE_DATA";
    else if (!v->vcpu0_basic)
        missing = "X86_PV_VCPU_BASIC of vcpu 0";
    else if (!v->shared_info)
        missing = "SHARED_INFO";
    if (missing)
        return bad_record(v, err, "the stream ends without %s", missing);
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
