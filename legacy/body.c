/*
 * The body: chunks up to XC_SAVE_ID_END. pagebuf_get_one() in tools/libxc/xc_domain_restore.c of
 * Xen 4.5: any chunk may come at any place, and a later one replaces an earlier one of its kind.
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "base/page_type.h"
#include "reader_internal.h"

bool vcpu_is_online(const struct legacy_reader *r, uint32_t id)
{
    return r->vcpu_map[id / 64] >> id % 64 & 1;
}

/* One remark for the page batches since the last other chunk. */
static void log_batches(struct legacy_reader *r)
{
    if (r->batches == r->batches_logged)
        return;
    cls_info(r->log,
             "page batches so far: %" PRIu64 "; pages with content: %" PRIu64 ", without: %" PRIu64
             ", unmapped entries dropped: %" PRIu64,
             r->batches, r->pages, r->pages_without_data, r->entries_dropped);
    r->batches_logged = r->batches;
}

/* Checks an entry that is kept, and counts it. */
static bool take_entry(struct legacy_reader *r, uint64_t offset, uint64_t entry, uint32_t *pages,
                       struct cls_error *err)
{
    unsigned type = entry >> 28 & 0xf;
    uint32_t pfn = entry & P2M_SIZE_MAX;

    if (entry > UINT32_MAX)
        return cls_input_fail(r->in, err, offset, "pfn entry 0x%" PRIx64 " does not fit 32 bits",
                              entry);
    if (!page_type_known(type))
        return cls_input_fail(r->in, err, offset, "pfn 0x%" PRIx32 " has bogus page type %u", pfn,
                              type);
    if (pfn >= r->p2m_size)
        return cls_input_fail(r->in, err, offset,
                              "pfn 0x%" PRIx32 " lies beyond the guest's p2m_size 0x%" PRIx64, pfn,
                              r->p2m_size);
    r->l2_seen |= (type & PFINFO_LTABTYPE_MASK) == PFINFO_L2TAB && page_type_has_data(type);
    r->l3_seen |= (type & PFINFO_LTABTYPE_MASK) == PFINFO_L3TAB && page_type_has_data(type);
    if (page_type_has_data(type))
        ++*pages;
    return true;
}

static enum step read_batch(struct legacy_reader *r, uint32_t count, struct image_item *item,
                            struct cls_error *err)
{
    unsigned width = r->options.width;
    uint64_t start = r->in->offset;
    uint32_t kept = 0, pages = 0;

    cls_input_at(r->in, "page batch", (int64_t)++r->batches, NULL);
    if (!cls_input_read(r->in, r->raw, (size_t)count * width, "pfn entries", err))
        return STEP_FAILED;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t entry = get_ulong(r, r->raw, i);

        /* Its low bits hold a machine frame number in streams of Xen 3. */
        if ((entry >> 28 & 0xf) == PFINFO_XTAB)
            continue;
        if (!take_entry(r, start + (uint64_t)i * width, entry, &pages, err))
            return STEP_FAILED;
        r->entries[kept++] = (uint32_t)entry;
    }
    r->pages += pages;
    r->pages_without_data += kept - pages;
    r->entries_dropped += count - kept;
    if (kept == 0)
        return STEP_AGAIN;
    item->kind = IMAGE_PAGES;
    item->pages.count = kept;
    item->pages.entries = r->entries;
    refer_to_input(r, &item->pages.data, (uint64_t)pages * CLS_PAGE_SIZE);
    return STEP_ITEM;
}

static enum step read_vcpu_info(struct legacy_reader *r, struct cls_error *err)
{
    uint64_t start = r->in->offset;
    uint32_t max_id, words;

    if (!cls_input_u32(r->in, &max_id, "max_vcpu_id", err))
        return STEP_FAILED;
    if (max_id >= XC_SR_MAX_VCPUS) {
        cls_input_fail(r->in, err, start, "max_vcpu_id %" PRId32 " is not in 0..%d",
                       (int32_t)max_id, XC_SR_MAX_VCPUS - 1);
        return STEP_FAILED;
    }
    words = max_id / 64 + 1;
    if (!cls_input_read(r->in, r->raw, (size_t)words * 8, "the vcpu map", err))
        return STEP_FAILED;
    for (uint32_t i = 0; i < words; i++)
        r->vcpu_map[i] = get_le64(r->raw + (size_t)8 * i);
    r->max_vcpu_id = max_id;
    r->vcpu_info_seen = true;
    return STEP_AGAIN;
}

static enum step read_tsc_info(struct legacy_reader *r, struct image_item *item,
                               struct cls_error *err)
{
    uint8_t b[20];

    if (!cls_input_read(r->in, b, sizeof(b), "TSC info", err))
        return STEP_FAILED;
    item->kind = IMAGE_TSC_INFO;
    item->tsc_info = (struct image_tsc_info){.mode = get_le32(b),
                                             .nsec = get_le64(b + 4),
                                             .khz = get_le32(b + 12),
                                             .incarnation = get_le32(b + 16)};
    return STEP_ITEM;
}

static enum step read_param(struct legacy_reader *r, const struct chunk_type *type,
                            struct cls_error *err)
{
    uint64_t start = r->in->offset, index = (uint64_t)type->hvm_param;
    uint8_t b[12]; /* 4 bytes of padding, then the value */
    uint32_t i = 0;

    if (!cls_input_read(r->in, b, sizeof(b), "a HVM parameter", err))
        return STEP_FAILED;
    if (r->options.guest != GUEST_HVM) {
        cls_warn(r->log, "byte 0x%" PRIx64 ": %s in the stream of a PV guest dropped", start,
                 type->name);
        return STEP_AGAIN;
    }
    while (i < r->params_count && r->params[i].index != index)
        i++;
    if (i == r->params_count)
        r->params_count++;
    r->params[i] = (struct image_hvm_param){.index = index, .value = get_le64(b + 4)};
    return STEP_AGAIN;
}

static enum step read_toolstack(struct legacy_reader *r, struct cls_error *err)
{
    uint32_t len;

    if (!cls_input_u32(r->in, &len, "toolstack length", err))
        return STEP_FAILED;
    if (r->options.guest != GUEST_HVM || r->options.ignore_toolstack) {
        /* PV guests have no device model to tell of it; libxc's format has no place for it. */
        cls_info(r->log, "toolstack blob of %" PRIu32 " bytes dropped", len);
        return cls_input_skip(r->in, len, "the toolstack blob", err) ? STEP_AGAIN : STEP_FAILED;
    }
    if (!toolstack_read(&r->toolstack, r->in, len, r->options.width, err))
        return STEP_FAILED;
    cls_info(r->log, "toolstack blob with physmap entries: %" PRIu32, r->toolstack.count);
    return STEP_AGAIN;
}

static enum step end_body(struct legacy_reader *r)
{
    r->phase = r->options.guest == GUEST_HVM ? PHASE_HVM_PARAMS : PHASE_UNMAPPED_PFNS;
    return STEP_AGAIN;
}

static enum step read_other_chunk(struct legacy_reader *r, const struct chunk_type *type,
                                  uint64_t start, struct image_item *item, struct cls_error *err)
{
    cls_info(r->log, "byte 0x%" PRIx64 ": chunk %" PRId32 ", %s", start, type->id, type->name);
    cls_input_at(r->in, type->name, -1, NULL);
    switch (type->id) {
    case XC_SAVE_ID_END:
        return end_body(r);
    case XC_SAVE_ID_ENABLE_VERIFY_MODE:
        /* The same pages once more, meant for comparison: harmless as ordinary ones. */
        return STEP_AGAIN;
    case XC_SAVE_ID_LAST_CHECKPOINT:
        r->last_checkpoint = true;
        return STEP_AGAIN;
    case XC_SAVE_ID_VCPU_INFO:
        return read_vcpu_info(r, err);
    case XC_SAVE_ID_TSC_INFO:
        return read_tsc_info(r, item, err);
    case XC_SAVE_ID_TOOLSTACK:
        return read_toolstack(r, err);
    case XC_SAVE_ID_TMEM:
    case XC_SAVE_ID_TMEM_EXTRA:
    case XC_SAVE_ID_COMPRESSED_DATA:
    case XC_SAVE_ID_ENABLE_COMPRESSION:
        cls_input_fail(r->in, err, start, "chunk %" PRId32 " is not convertible yet", type->id);
        return STEP_FAILED;
    default:
        return read_param(r, type, err);
    }
}

enum step read_chunk(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    uint64_t start = r->in->offset;
    const struct chunk_type *type;
    uint32_t id;

    cls_input_at(r->in, "body", -1, NULL);
    if (!cls_input_u32(r->in, &id, "chunk id", err))
        return STEP_FAILED;
    if (id >= 1 && id <= CLS_BATCH_MAX)
        return read_batch(r, id, item, err);
    log_batches(r);
    type = chunk_type_find((int32_t)id);
    if (!type) {
        cls_input_fail(r->in, err, start,
                       "%" PRId32 " is no chunk id (-21..0) and no page count (1..%d)", (int32_t)id,
                       CLS_BATCH_MAX);
        return STEP_FAILED;
    }
    return read_other_chunk(r, type, start, item, err);
}
