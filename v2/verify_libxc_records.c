/*
 * The libxc records one by one: sizes, fields, and their order among each other.
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "base/hvm_params.h"
#include "base/page_type.h"
#include "verify_internal.h"

#define PFN_SIZE               8
#define VCPU_HEAD              8
#define VCPU_BASIC_SIZE_X86_32 2800
#define VCPU_BASIC_SIZE_X86_64 5168
#define VCPU_EXTENDED_MAX      128
#define VCPU_XSAVE_MIN         16 /* xcr0 and xcr0_accum */
#define VCPU_MSR_SIZE          16
#define TSC_INFO_SIZE          24
#define PV_INFO_SIZE           8
#define P2M_FRAMES_HEAD        8
#define PAGE_DATA_HEAD         8
#define HVM_PARAMS_HEAD        8
#define HVM_PARAM_SIZE         16
#define CPUID_LEAF_SIZE        24
#define MSR_ENTRY_SIZE         16

/* Guests that have a record. */
#define PV  1
#define HVM 2
#define ANY 3

#define VCPU(name)                                                                                 \
    {                                                                                              \
        name, PV, 2, VCPU_HEAD, REC_LENGTH_MAX, verify_vcpu, .after = {                            \
            REC_TYPE_X86_PV_INFO,                                                                  \
            REC_TYPE_PAGE_DATA                                                                     \
        }                                                                                          \
    }

static bool skip(struct verifier *v, struct cls_error *err)
{
    return cls_input_skip(v->in, v->length, "the record", err);
}

/* An array that is part of the static data. */
static bool verify_policy(struct verifier *v, struct cls_error *err)
{
    uint32_t size = v->type == REC_TYPE_X86_CPUID_POLICY ? CPUID_LEAF_SIZE : MSR_ENTRY_SIZE;

    if (has_record(v, REC_TYPE_STATIC_DATA_END))
        return bad_record(v, err, "record after STATIC_DATA_END");
    if (v->length == 0 || v->length % size != 0)
        return bad_record(v, err, "length %" PRIu32 " is not a multiple of %" PRIu32, v->length,
                          size);
    return skip(v, err);
}

static bool verify_pv_info(struct verifier *v, struct cls_error *err)
{
    unsigned width, levels;

    if (!read_body(v, PV_INFO_SIZE, err))
        return false;
    width = v->buf[0];
    levels = v->buf[1];
    if (!(width == 4 && levels == 3) && !(width == 8 && levels == 4))
        return bad_record(v, err,
                          "width %u with %u page table levels, expected 4 with 3 or 8 with 4",
                          width, levels);
    if (!need_zero(v, v->buf + 2, 6, err))
        return false;
    v->summary->guest_width = width;
    v->summary->pt_levels = levels;
    cls_info(v->log, "  %u-bit guest, %u levels of page tables", width * 8, levels);
    return true;
}

/* Entry i of an array of count numbers, which is read in large pieces. */
static bool read_u64(struct verifier *v, uint32_t i, uint32_t count, uint64_t *value,
                     struct cls_error *err)
{
    const uint32_t at_once = sizeof(v->buf) / sizeof(*value);
    uint32_t left = count - i, place = i % at_once;

    if (place == 0 && !read_body(v, (left < at_once ? left : at_once) * sizeof(*value), err))
        return false;
    *value = get_le64(v->buf + place * sizeof(*value));
    return true;
}

static bool verify_p2m_frames(struct verifier *v, struct cls_error *err)
{
    struct image_item item = {.kind = IMAGE_P2M_FRAMES};
    uint32_t start, end, per_frame;
    uint64_t expected, frame;

    if (!read_body(v, P2M_FRAMES_HEAD, err))
        return false;
    start = get_le32(v->buf);
    end = get_le32(v->buf + 4);
    if (start > end)
        return bad_record(v, err, "start pfn 0x%" PRIx32 " is above end pfn 0x%" PRIx32, start,
                          end);
    per_frame = CLS_PAGE_SIZE / v->summary->guest_width;
    expected = P2M_FRAMES_HEAD + ((uint64_t)end / per_frame + 1 - start / per_frame) * PFN_SIZE;
    if (v->length != expected)
        return bad_record(
            v, err, "length %" PRIu32 ", but pfns 0x%" PRIx32 " to 0x%" PRIx32 " need %" PRIu64,
            v->length, start, end, expected);
    if (start / per_frame > v->frames)
        return bad_record(v, err, "start pfn 0x%" PRIx32 " leaves a gap in the frame list", start);
    if (end / per_frame + 1 > v->frames)
        v->frames = end / per_frame + 1;
    if (end > v->max_pfn)
        v->max_pfn = end;
    cls_info(v->log, "  pfns 0x%" PRIx32 " to 0x%" PRIx32, start, end);
    item.p2m_frames.total = (v->length - P2M_FRAMES_HEAD) / PFN_SIZE;
    item.p2m_frames.p2m_size = (uint64_t)end + 1;
    if (!show_item(v, &item, err))
        return false;
    for (uint32_t i = 0; i < item.p2m_frames.total; i++) {
        if (!read_u64(v, i, item.p2m_frames.total, &frame, err))
            return false;
        /* Restore looks frames up at the end: a later record may still make room for them. */
        if (frame > v->max_frame)
            v->max_frame = frame;
    }
    return true;
}

static bool verify_page_entry(struct verifier *v, uint32_t index, uint64_t entry,
                              struct cls_error *err)
{
    uint64_t pfn = entry & PAGE_DATA_PFN_MASK;
    unsigned type = (unsigned)(entry >> PAGE_DATA_TYPE_SHIFT);

    if (entry & PAGE_DATA_RESERVED_MASK)
        return bad_record(v, err, "reserved bits in entry %" PRIu32 ", 0x%016" PRIx64, index,
                          entry);
    if (!page_type_known(type))
        return bad_record(v, err, "entry %" PRIu32 ", pfn 0x%" PRIx64 ", has invalid page type %u",
                          index, pfn, type);
    if (v->summary->guest == GUEST_PV && pfn > v->max_pfn)
        return bad_record(
            v, err, "entry %" PRIu32 ": pfn 0x%" PRIx64 " is above the guest's last pfn 0x%" PRIx64,
            index, pfn, v->max_pfn);
    v->summary->pages[type]++;
    if (v->observer->page)
        v->observer->page(v->observer->ctx, type, pfn);
    return true;
}

static bool verify_page_data(struct verifier *v, struct cls_error *err)
{
    uint64_t head, expected, entry, data_pages = 0;
    uint32_t count;

    if (v->vcpu_records)
        return bad_record(v, err, "record after the vcpu records");
    if (!read_body(v, PAGE_DATA_HEAD, err))
        return false;
    count = get_le32(v->buf);
    head = PAGE_DATA_HEAD + (uint64_t)count * PFN_SIZE;
    if (count == 0)
        return bad_record(v, err, "count 0");
    if (!need_zero(v, v->buf + 4, 4, err))
        return false;
    if (v->length < head)
        return bad_record(v, err, "length %" PRIu32 " is too short for %" PRIu32 " pfns", v->length,
                          count);
    for (uint32_t i = 0; i < count; i++) {
        if (!read_u64(v, i, count, &entry, err) || !verify_page_entry(v, i, entry, err))
            return false;
        data_pages += page_type_has_data((unsigned)(entry >> PAGE_DATA_TYPE_SHIFT));
    }
    expected = head + data_pages * CLS_PAGE_SIZE;
    if (v->length != expected)
        return bad_record(
            v, err, "length %" PRIu32 ", but %" PRIu32 " pfns and %" PRIu64 " pages need %" PRIu64,
            v->length, count, data_pages, expected);
    v->squashed_pages += count;
    return cls_input_skip(v->in, v->length - head, "page data", err);
}

/* The size of what follows the head of a vcpu record. */
static bool verify_vcpu_size(struct verifier *v, uint32_t size, struct cls_error *err)
{
    uint32_t basic = v->summary->guest_width == 8 ? VCPU_BASIC_SIZE_X86_64 : VCPU_BASIC_SIZE_X86_32;

    switch (v->type) {
    case REC_TYPE_X86_PV_VCPU_BASIC:
        return size == basic ||
               bad_record(v, err, "context has %" PRIu32 " bytes, expected %" PRIu32, size, basic);
    case REC_TYPE_X86_PV_VCPU_EXTENDED:
        return size <= VCPU_EXTENDED_MAX ||
               bad_record(v, err, "data has %" PRIu32 " bytes, above the maximum %d", size,
                          VCPU_EXTENDED_MAX);
    case REC_TYPE_X86_PV_VCPU_XSAVE:
        return size >= VCPU_XSAVE_MIN ||
               bad_record(v, err, "data has %" PRIu32 " bytes, below the minimum %d", size,
                          VCPU_XSAVE_MIN);
    default:
        return size % VCPU_MSR_SIZE == 0 ||
               bad_record(v, err, "data has %" PRIu32 " bytes, not a multiple of %d", size,
                          VCPU_MSR_SIZE);
    }
}

static bool verify_vcpu(struct verifier *v, struct cls_error *err)
{
    struct image_item item;
    uint32_t id, size;

    if (!read_body(v, VCPU_HEAD, err) || !need_zero(v, v->buf + 4, 4, err))
        return false;
    id = get_le32(v->buf);
    size = v->length - VCPU_HEAD;
    v->vcpu_records = true;
    cls_info(v->log, "  vcpu %" PRIu32 "%s", id,
             size ? "" : ": no content (Xen 4.6 to 4.8 cannot restore it)");
    if (size == 0)
        return true; /* written by older savers by mistake; restore skips it */
    if (id >= VCPUS_MAX)
        return bad_record(v, err, "vcpu %" PRIu32 " is above the maximum", id);
    if (!verify_vcpu_size(v, size, err))
        return false;
    v->vcpu0_basic |= v->type == REC_TYPE_X86_PV_VCPU_BASIC && id == 0;
    item.kind = v->type == REC_TYPE_X86_PV_VCPU_BASIC      ? IMAGE_VCPU_BASIC
                : v->type == REC_TYPE_X86_PV_VCPU_EXTENDED ? IMAGE_VCPU_EXTENDED
                                                           : IMAGE_VCPU_XSAVE;
    item.vcpu.id = id;
    return v->type == REC_TYPE_X86_PV_VCPU_MSRS
               ? cls_input_skip(v->in, size, "the record", err)
               : show_data(v, &item, &item.vcpu.data, size, "the record", err);
}

static bool verify_tsc_info(struct verifier *v, struct cls_error *err)
{
    struct image_item item = {.kind = IMAGE_TSC_INFO};

    if (!read_body(v, TSC_INFO_SIZE, err) || !need_zero(v, v->buf + 20, 4, err))
        return false;
    item.tsc_info = (struct image_tsc_info){.mode = get_le32(v->buf),
                                            .khz = get_le32(v->buf + 4),
                                            .nsec = get_le64(v->buf + 8),
                                            .incarnation = get_le32(v->buf + 16)};
    cls_info(v->log, "  mode %" PRIu32 ", %" PRIu32 " kHz, %" PRIu64 " ns, incarnation %" PRIu32,
             item.tsc_info.mode, item.tsc_info.khz, item.tsc_info.nsec, item.tsc_info.incarnation);
    return show_item(v, &item, err);
}

static bool verify_hvm_params(struct verifier *v, struct cls_error *err)
{
    struct image_hvm_param param;
    struct image_item item = {.kind = IMAGE_HVM_PARAMS, .hvm_params = {1, &param}};
    uint64_t expected;
    uint32_t count;

    if (!read_body(v, HVM_PARAMS_HEAD, err) || !need_zero(v, v->buf + 4, 4, err))
        return false;
    count = get_le32(v->buf);
    expected = HVM_PARAMS_HEAD + (uint64_t)count * HVM_PARAM_SIZE;
    if (v->length != expected)
        return bad_record(v, err, "length %" PRIu32 ", but %" PRIu32 " parameters need %" PRIu64,
                          v->length, count, expected);
    for (uint32_t i = 0; i < count; i++) {
        const char *name;

        if (!read_body(v, HVM_PARAM_SIZE, err))
            return false;
        param = (struct image_hvm_param){get_le64(v->buf), get_le64(v->buf + 8)};
        name = hvm_param_name(param.index);
        cls_info(v->log, "  %" PRIu64 " (%s) = 0x%" PRIx64, param.index, name ? name : "unknown",
                 param.value);
        if (!show_item(v, &item, err))
            return false;
    }
    return true;
}

/*
 * By the specification the parameters come first, and converters write them so. Xen's own saver
 * writes them last (xg_sr_save_x86_hvm.c of all releases so far); restore takes any order.
 */
static bool verify_hvm_context(struct verifier *v, struct cls_error *err)
{
    struct image_item item = {.kind = IMAGE_HVM_CONTEXT};

    if (v->summary->converted && !has_record(v, REC_TYPE_HVM_PARAMS))
        return bad_record(v, err, "HVM_PARAMS must come first");
    return show_data(v, &item, &item.data, v->length, "the record", err);
}

static bool reject_toolstack(struct verifier *v, struct cls_error *err)
{
    return bad_record(v, err, "deprecated record, rejected by Xen's restore");
}

static bool reject_checkpoint(struct verifier *v, struct cls_error *err)
{
    return bad_record(v, err, "checkpoint record in a plain stream, rejected by Xen's restore");
}

/* What the type of a record says of it. */
static const struct record_type {
    const char *name;
    unsigned guests, min_version; /* that have it */
    uint32_t min_length, max_length;
    bool (*verify_body)(struct verifier *v, struct cls_error *err);
    uint32_t after[3]; /* records that must come before; ends with REC_TYPE_END */
    bool once;
} types[REC_TYPE_KNOWN] = {
    [REC_TYPE_END] = {"END", ANY, 2, 0, 0, skip, .after = {REC_TYPE_END}},
    [REC_TYPE_PAGE_DATA] = {"PAGE_DATA", ANY, 2, PAGE_DATA_HEAD, REC_LENGTH_MAX, verify_page_data,
                            .after = {REC_TYPE_X86_PV_P2M_FRAMES, REC_TYPE_STATIC_DATA_END}},
    [REC_TYPE_X86_PV_INFO] = {"X86_PV_INFO", PV, 2, PV_INFO_SIZE, PV_INFO_SIZE, verify_pv_info,
                              .once = true},
    [REC_TYPE_X86_PV_P2M_FRAMES] = {"X86_PV_P2M_FRAMES", PV, 2, P2M_FRAMES_HEAD, REC_LENGTH_MAX,
                                    verify_p2m_frames,
                                    .after = {REC_TYPE_X86_PV_INFO, REC_TYPE_STATIC_DATA_END}},
    [REC_TYPE_X86_PV_VCPU_BASIC] = VCPU("X86_PV_VCPU_BASIC"),
    [REC_TYPE_X86_PV_VCPU_EXTENDED] = VCPU("X86_PV_VCPU_EXTENDED"),
    [REC_TYPE_X86_PV_VCPU_XSAVE] = VCPU("X86_PV_VCPU_XSAVE"),
    [REC_TYPE_SHARED_INFO] = {"SHARED_INFO", PV, 2, CLS_PAGE_SIZE, CLS_PAGE_SIZE, skip,
                              .after = {REC_TYPE_X86_PV_INFO}},
    [REC_TYPE_X86_TSC_INFO] = {"X86_TSC_INFO", ANY, 2, TSC_INFO_SIZE, TSC_INFO_SIZE,
                               verify_tsc_info, .after = {REC_TYPE_END}},
    [REC_TYPE_HVM_CONTEXT] = {"HVM_CONTEXT", HVM, 2, 1, REC_LENGTH_MAX, verify_hvm_context,
                              .after = {REC_TYPE_END}},
    [REC_TYPE_HVM_PARAMS] = {"HVM_PARAMS", HVM, 2, HVM_PARAMS_HEAD, REC_LENGTH_MAX,
                             verify_hvm_params, .after = {REC_TYPE_END}},
    [REC_TYPE_TOOLSTACK] = {"TOOLSTACK", ANY, 2, 0, REC_LENGTH_MAX, reject_toolstack,
                            .after = {REC_TYPE_END}},
    [REC_TYPE_X86_PV_VCPU_MSRS] = VCPU("X86_PV_VCPU_MSRS"),
    [REC_TYPE_VERIFY] = {"VERIFY", ANY, 2, 0, 0, skip, .after = {REC_TYPE_END}},
    [REC_TYPE_CHECKPOINT] = {"CHECKPOINT", ANY, 2, 0, REC_LENGTH_MAX, reject_checkpoint,
                             .after = {REC_TYPE_END}},
    [REC_TYPE_CHECKPOINT_DIRTY_PFN_LIST] = {"CHECKPOINT_DIRTY_PFN_LIST", ANY, 2, 0, REC_LENGTH_MAX,
                                            reject_checkpoint, .after = {REC_TYPE_END}},
    [REC_TYPE_STATIC_DATA_END] = {"STATIC_DATA_END", ANY, 3, 0, 0, skip, .once = true},
    [REC_TYPE_X86_CPUID_POLICY] = {"X86_CPUID_POLICY", ANY, 3, 0, REC_LENGTH_MAX, verify_policy,
                                   .after = {REC_TYPE_END}},
    [REC_TYPE_X86_MSR_POLICY] = {"X86_MSR_POLICY", ANY, 3, 0, REC_LENGTH_MAX, verify_policy,
                                 .after = {REC_TYPE_END}},
};

const char *v2_record_name(uint32_t type)
{
    return type < REC_TYPE_KNOWN ? types[type].name : NULL;
}

static bool is_record_of_guest(const struct verifier *v, uint32_t type)
{
    return types[type].guests & (v->summary->guest == GUEST_PV ? PV : HVM);
}

const char *missing_record(const struct verifier *v, const uint32_t *list)
{
    for (; *list != REC_TYPE_END; list++)
        if (!has_record(v, *list) && is_record_of_guest(v, *list) &&
            v->summary->version >= types[*list].min_version)
            return types[*list].name;
    return NULL;
}

bool verify_libxc_record(struct verifier *v, struct cls_error *err)
{
    const struct record_type *type = &types[v->type];
    const char *missing = missing_record(v, type->after);

    if (!is_record_of_guest(v, v->type))
        return bad_record(v, err, "not a record of a %s guest", guest_type_name(v->summary->guest));
    if (v->summary->version < type->min_version)
        return bad_record(v, err, "not a record of version %u", v->summary->version);
    if (type->once && v->summary->records[v->type] > 1)
        return bad_record(v, err, "duplicate record");
    if (missing)
        return bad_record(v, err, "%s must come first", missing);
    return need_length(v, type->min_length, type->max_length, err) && type->verify_body(v, err);
}
