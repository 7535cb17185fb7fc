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

/* A stream of version 3 says where its static data end; in version 2 memory implies it. */
static bool need_static_data_end(struct verifier *v, struct cls_error *err)
{
    if (v->summary->version >= 3 && !v->static_data_end)
        return bad_record(v, err, "no STATIC_DATA_END came before");
    return true;
}

static bool verify_static_data_end(struct verifier *v, struct cls_error *err)
{
    if (!need_length(v, 0, err))
        return false;
    if (v->static_data_end)
        return bad_record(v, err, "a second one");
    v->static_data_end = true;
    return true;
}

/* CPUID and MSR policies: arrays that are part of the static data. */
static bool verify_policy(struct verifier *v, uint32_t entry_size, struct cls_error *err)
{
    if (v->static_data_end)
        return bad_record(v, err, "comes after STATIC_DATA_END");
    if (v->length == 0 || v->length % entry_size != 0)
        return bad_record(v, err, "length %" PRIu32 " is no multiple of %" PRIu32, v->length,
                          entry_size);
    return cls_input_skip(v->in, v->length, "the record", err);
}

static bool verify_pv_info(struct verifier *v, struct cls_error *err)
{
    unsigned width, levels;

    if (v->pv_info)
        return bad_record(v, err, "a second one");
    if (!need_length(v, PV_INFO_SIZE, err) || !read_body(v, PV_INFO_SIZE, err))
        return false;
    width = v->buf[0];
    levels = v->buf[1];
    if (!(width == 4 && levels == 3) && !(width == 8 && levels == 4))
        return bad_record(v, err, "width %u with %u levels of page tables (4 with 3, or 8 with 4)",
                          width, levels);
    if (!need_zero(v, v->buf + 2, 6, err))
        return false;
    v->pv_info = true;
    v->summary->guest_width = width;
    v->summary->pt_levels = levels;
    cls_info(v->log, "  %u-bit guest, %u levels of page tables", width * 8, levels);
    return true;
}

typedef bool u64_taker(struct verifier *v, uint32_t index, uint64_t value, struct cls_error *err);

/* Reads an array with few calls, and gives each entry to take. */
static bool read_u64s(struct verifier *v, uint32_t count, u64_taker *take, struct cls_error *err)
{
    const uint32_t at_once = sizeof(v->buf) / sizeof(uint64_t);

    for (uint32_t done = 0; done < count;) {
        uint32_t n = count - done < at_once ? count - done : at_once;

        if (!read_body(v, n * sizeof(uint64_t), err))
            return false;
        for (uint32_t i = 0; i < n; i++)
            if (!take(v, done + i, get_le64(v->buf + i * sizeof(uint64_t)), err))
                return false;
        done += n;
    }
    return true;
}

/* Restore looks the frames up in the end, so a later record may still make room for them. */
static bool take_frame(struct verifier *v, uint32_t index, uint64_t frame, struct cls_error *err)
{
    (void)index;
    (void)err;
    if (frame > v->max_frame)
        v->max_frame = frame;
    return true;
}

static bool verify_p2m_frames(struct verifier *v, struct cls_error *err)
{
    struct image_item item = {.kind = IMAGE_P2M_FRAMES};
    uint32_t start, end, per_frame;
    uint64_t expected;

    if (!v->pv_info)
        return bad_record(v, err, "no X86_PV_INFO came before");
    if (!need_static_data_end(v, err) || !need_min_length(v, P2M_FRAMES_HEAD, err) ||
        !read_body(v, P2M_FRAMES_HEAD, err))
        return false;
    start = get_le32(v->buf);
    end = get_le32(v->buf + 4);
    if (start > end)
        return bad_record(v, err, "start pfn 0x%" PRIx32 " lies above end pfn 0x%" PRIx32, start,
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
    v->p2m_frames = true;
    cls_info(v->log, "  pfns 0x%" PRIx32 " to 0x%" PRIx32, start, end);
    item.p2m_frames.total = (v->length - P2M_FRAMES_HEAD) / PFN_SIZE;
    item.p2m_frames.p2m_size = (uint64_t)end + 1;
    return show_item(v, &item, err) && read_u64s(v, item.p2m_frames.total, take_frame, err);
}

static bool take_pfn(struct verifier *v, uint32_t index, uint64_t entry, struct cls_error *err)
{
    uint64_t pfn = entry & PAGE_DATA_PFN_MASK;
    unsigned type = (unsigned)(entry >> PAGE_DATA_TYPE_SHIFT);

    if (entry & PAGE_DATA_RESERVED_MASK)
        return bad_record(v, err, "reserved bits in entry %" PRIu32 ", 0x%016" PRIx64, index,
                          entry);
    if (!page_type_known(type))
        return bad_record(v, err, "entry %" PRIu32 ", pfn 0x%" PRIx64 ", has unknown type %u",
                          index, pfn, type);
    if (v->summary->guest == GUEST_PV && pfn > v->max_pfn)
        return bad_record(
            v, err, "entry %" PRIu32 ": pfn 0x%" PRIx64 " lies above the guest's last, 0x%" PRIx64,
            index, pfn, v->max_pfn);
    v->summary->pages[type]++;
    if (v->observer)
        v->observer->page(v->observer->ctx, type, pfn);
    if (page_type_has_data(type))
        v->data_pages++;
    return true;
}

static bool verify_page_data(struct verifier *v, struct cls_error *err)
{
    uint64_t head, expected;
    uint32_t count;

    if (v->summary->guest == GUEST_PV && !v->p2m_frames)
        return bad_record(v, err, "no X86_PV_P2M_FRAMES came before");
    if (v->vcpu_records)
        return bad_record(v, err, "comes after the vcpu records");
    if (!need_static_data_end(v, err) || !need_min_length(v, PAGE_DATA_HEAD, err) ||
        !read_body(v, PAGE_DATA_HEAD, err))
        return false;
    count = get_le32(v->buf);
    head = PAGE_DATA_HEAD + (uint64_t)count * PFN_SIZE;
    if (count == 0)
        return bad_record(v, err, "count 0");
    if (!need_zero(v, v->buf + 4, 4, err))
        return false;
    if (v->length < head)
        return bad_record(v, err, "length %" PRIu32 " has no room for %" PRIu32 " pfns", v->length,
                          count);
    v->data_pages = 0;
    if (!read_u64s(v, count, take_pfn, err))
        return false;
    expected = head + v->data_pages * CLS_PAGE_SIZE;
    if (v->length != expected)
        return bad_record(
            v, err, "length %" PRIu32 ", but %" PRIu32 " pfns and %" PRIu64 " pages need %" PRIu64,
            v->length, count, v->data_pages, expected);
    v->page_data = true;
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
               bad_record(v, err, "a context of %" PRIu32 " bytes instead of %" PRIu32, size,
                          basic);
    case REC_TYPE_X86_PV_VCPU_EXTENDED:
        return size <= VCPU_EXTENDED_MAX ||
               bad_record(v, err, "%" PRIu32 " bytes, at most %d are possible", size,
                          VCPU_EXTENDED_MAX);
    case REC_TYPE_X86_PV_VCPU_XSAVE:
        return size >= VCPU_XSAVE_MIN || bad_record(v, err,
                                                    "%" PRIu32 " bytes, at least %d are "
                                                    "needed",
                                                    size, VCPU_XSAVE_MIN);
    default:
        return size % VCPU_MSR_SIZE == 0 || bad_record(v, err,
                                                       "%" PRIu32 " bytes are no multiple "
                                                       "of %d",
                                                       size, VCPU_MSR_SIZE);
    }
}

static bool verify_vcpu(struct verifier *v, struct cls_error *err)
{
    struct image_item item;
    uint32_t id, size;

    if (!v->pv_info)
        return bad_record(v, err, "no X86_PV_INFO came before");
    if (!v->page_data)
        return bad_record(v, err, "no PAGE_DATA came before");
    if (!need_min_length(v, VCPU_HEAD, err) || !read_body(v, VCPU_HEAD, err) ||
        !need_zero(v, v->buf + 4, 4, err))
        return false;
    id = get_le32(v->buf);
    size = v->length - VCPU_HEAD;
    v->vcpu_records = true;
    cls_info(v->log, "  vcpu %" PRIu32 "%s", id,
             size ? "" : ": no content (restore of 4.6 to 4.8 refuses that)");
    if (size == 0)
        return true; /* older savers did that by accident; restore skips it */
    if (id >= VCPUS_MAX)
        return bad_record(v, err, "vcpu %" PRIu32 ": no guest has so many", id);
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

static bool verify_shared_info(struct verifier *v, struct cls_error *err)
{
    if (!v->pv_info)
        return bad_record(v, err, "no X86_PV_INFO came before");
    v->shared_info = true;
    return need_length(v, CLS_PAGE_SIZE, err) &&
           cls_input_skip(v->in, CLS_PAGE_SIZE, "the record", err);
}

static bool verify_tsc_info(struct verifier *v, struct cls_error *err)
{
    struct image_item item = {.kind = IMAGE_TSC_INFO};

    if (!need_length(v, TSC_INFO_SIZE, err) || !read_body(v, TSC_INFO_SIZE, err) ||
        !need_zero(v, v->buf + 20, 4, err))
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

    if (!need_min_length(v, HVM_PARAMS_HEAD, err) || !read_body(v, HVM_PARAMS_HEAD, err) ||
        !need_zero(v, v->buf + 4, 4, err))
        return false;
    count = get_le32(v->buf);
    expected = HVM_PARAMS_HEAD + (uint64_t)count * HVM_PARAM_SIZE;
    if (v->length != expected)
        return bad_record(v, err, "length %" PRIu32 ", but %" PRIu32 " parameters need %" PRIu64,
                          v->length, count, expected);
    v->hvm_params = true;
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
 * The specification wants the parameters first, and converters obey; Xen's own saver writes them
 * last (xg_sr_save_x86_hvm.c of all releases so far), and restore sorts it out.
 */
static bool verify_hvm_context(struct verifier *v, struct cls_error *err)
{
    struct image_item item = {.kind = IMAGE_HVM_CONTEXT};

    if (v->summary->converted && !v->hvm_params)
        return bad_record(v, err, "no HVM_PARAMS came before");
    v->hvm_context = true;
    return need_min_length(v, 1, err) &&
           show_data(v, &item, &item.data, v->length, "the record", err);
}

bool verify_libxc_record(struct verifier *v, struct cls_error *err)
{
    switch (v->type) {
    case REC_TYPE_PAGE_DATA:
        return verify_page_data(v, err);
    case REC_TYPE_X86_PV_INFO:
        return verify_pv_info(v, err);
    case REC_TYPE_X86_PV_P2M_FRAMES:
        return verify_p2m_frames(v, err);
    case REC_TYPE_X86_PV_VCPU_BASIC:
    case REC_TYPE_X86_PV_VCPU_EXTENDED:
    case REC_TYPE_X86_PV_VCPU_XSAVE:
    case REC_TYPE_X86_PV_VCPU_MSRS:
        return verify_vcpu(v, err);
    case REC_TYPE_SHARED_INFO:
        return verify_shared_info(v, err);
    case REC_TYPE_X86_TSC_INFO:
        return verify_tsc_info(v, err);
    case REC_TYPE_HVM_CONTEXT:
        return verify_hvm_context(v, err);
    case REC_TYPE_HVM_PARAMS:
        return verify_hvm_params(v, err);
    case REC_TYPE_STATIC_DATA_END:
        return verify_static_data_end(v, err);
    case REC_TYPE_X86_CPUID_POLICY:
        return verify_policy(v, CPUID_LEAF_SIZE, err);
    case REC_TYPE_X86_MSR_POLICY:
        return verify_policy(v, MSR_ENTRY_SIZE, err);
    case REC_TYPE_TOOLSTACK:
        return bad_record(v, err, "deprecated, and rejected by every restore");
    case REC_TYPE_CHECKPOINT:
    case REC_TYPE_CHECKPOINT_DIRTY_PFN_LIST:
        return bad_record(v, err,
                          "no place in a save: restore rejects checkpoints in a plain "
                          "stream");
    default:
        return need_length(v, 0, err); /* END, VERIFY: signals */
    }
}
