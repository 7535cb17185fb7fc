/*
 * The body: chunks up to XC_SAVE_ID_END. pagebuf_get_one() in tools/libxc/xc_domain_restore.c of
 * Xen 4.5: any chunk may come at any place, and a later one replaces an earlier one of its kind.
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "reader_internal.h"

bool is_compressed(const struct legacy_reader *r)
{
    return r->body.compression && r->body.bodies > 0;
}

bool vcpu_is_online(const struct legacy_reader *r, uint32_t id)
{
    return r->body.vcpu_map[id / 64] >> id % 64 & 1;
}

/* One remark for the page batches since the last other chunk. */
static void log_batches(struct legacy_reader *r)
{
    if (r->body.batches == r->body.batches_logged)
        return;
    cls_info(r->log,
             "page batches so far: %" PRIu64 "; pages with content: %" PRIu64 ", without: %" PRIu64
             ", unmapped entries dropped: %" PRIu64,
             r->body.batches, r->body.pages, r->body.pages_without_data, r->body.entries_dropped);
    r->body.batches_logged = r->body.batches;
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
        r->body.vcpu_map[i] = get_le64(r->raw + (size_t)8 * i);
    r->body.max_vcpu_id = max_id;
    r->body.vcpu_info_seen = true;
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
    while (i < r->body.params_count && r->body.params[i].index != index)
        i++;
    if (i == r->body.params_count)
        r->body.params_count++;
    r->body.params[i] = (struct image_hvm_param){.index = index, .value = get_le64(b + 4)};
    return STEP_AGAIN;
}

static enum step read_toolstack(struct legacy_reader *r, struct cls_error *err)
{
    uint32_t len;

    if (!cls_input_u32(r->in, &len, "toolstack length", err))
        return STEP_FAILED;
    if (r->options.guest != GUEST_HVM || r->options.ignore_toolstack || r->looking) {
        /* PV guests have no device model to tell of it; libxc's format has no place for it; and a
         * checkpoint that may be incomplete is only measured. */
        if (r->options.guest != GUEST_HVM && len > TOOLSTACK_BLOB_EMPTY)
            cls_warn(r->log,
                     "toolstack blob of %" PRIu32 " bytes in the stream of a PV guest dropped",
                     len);
        else
            cls_info(r->log, "toolstack blob of %" PRIu32 " bytes dropped", len);
        return cls_input_skip(r->in, len, "the toolstack blob", err) ? STEP_AGAIN : STEP_FAILED;
    }
    if (!toolstack_read(&r->body.toolstack, r->in, len, r->options.width, err))
        return STEP_FAILED;
    cls_info(r->log, "toolstack blob with physmap entries: %" PRIu32, r->body.toolstack.count);
    return STEP_AGAIN;
}

/* The pages of a body behind the first, apart from their entries (see compressed.h). */
static enum step read_compressed_data(struct legacy_reader *r, uint64_t start,
                                      struct cls_error *err)
{
    uint64_t size;

    if (!read_ulong(r, &size, "size of compressed data", err))
        return STEP_FAILED;
    if (!is_compressed(r)) {
        cls_input_fail(r->in, err, start,
                       "compressed data in a body that was not announced as compressed");
        return STEP_FAILED;
    }
    if (size > INT32_MAX) {
        cls_input_fail(r->in, err, start, "0x%" PRIx64 " bytes of compressed data", size);
        return STEP_FAILED;
    }
    if (r->finds_data) {
        r->compressed_left = size;
        return STEP_AGAIN;
    }
    return cls_input_skip(r->in, size, "compressed data", err) ? STEP_AGAIN : STEP_FAILED;
}

static enum step read_other_chunk(struct legacy_reader *r, const struct chunk_type *type,
                                  uint64_t start, struct image_item *item, struct cls_error *err)
{
    cls_info(r->log, "byte 0x%" PRIx64 ": chunk %" PRId32 ", %s", start, type->id, type->name);
    cls_input_at(r->in, type->name, -1, NULL);
    tell_part(r, type->name, start, 0);
    switch (type->id) {
    case XC_SAVE_ID_END:
        return end_body(r, err);
    case XC_SAVE_ID_ENABLE_VERIFY_MODE:
        /* The same pages once more, meant for comparison: harmless as ordinary ones. */
        r->body.verify = true;
        return STEP_AGAIN;
    case XC_SAVE_ID_LAST_CHECKPOINT:
        r->body.last_checkpoint = true;
        return STEP_AGAIN;
    case XC_SAVE_ID_VCPU_INFO:
        return read_vcpu_info(r, err);
    case XC_SAVE_ID_TSC_INFO:
        return read_tsc_info(r, item, err);
    case XC_SAVE_ID_TOOLSTACK:
        return read_toolstack(r, err);
    case XC_SAVE_ID_TMEM:
        return read_tmem(r, start, err);
    case XC_SAVE_ID_TMEM_EXTRA:
        return read_tmem_extra(r, err);
    case XC_SAVE_ID_ENABLE_COMPRESSION:
        /* Only the first body can say so, of those behind it. */
        r->body.compression |= r->body.bodies == 0;
        return STEP_AGAIN;
    case XC_SAVE_ID_COMPRESSED_DATA:
        return read_compressed_data(r, start, err);
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
    if (id >= 1 && id <= CLS_BATCH_MAX) {
        tell_part(r, "page batch", start, id);
        return read_batch(r, id, item, err);
    }
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
