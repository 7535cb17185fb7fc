/*
 * The body: what becomes of its chunks. Any may come at any place, and a later one replaces an
 * earlier one of its kind (pagebuf_get_one() in tools/libxc/xc_domain_restore.c of Xen 4.5).
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "reader_internal.h"

#define PHYSMAP_HEADER 8 /* version, count: toolstack.c */

/* One remark for the page batches since the last other chunk. */
static void log_batches(struct legacy_reader *r)
{
    if (r->stream.batches == r->batches_logged)
        return;
    cls_info(r->log,
             "page batches so far: %" PRIu64 "; pages with content: %" PRIu64 ", without: %" PRIu64
             ", unmapped entries dropped: %" PRIu64,
             r->stream.batches, r->pages, r->pages_without_data, r->entries_dropped);
    r->batches_logged = r->stream.batches;
}

static enum step give_tsc_info(struct legacy_reader *r, struct image_item *item)
{
    const uint8_t *b = r->chunk.raw;

    item->kind = IMAGE_TSC_INFO;
    item->tsc_info = (struct image_tsc_info){.mode = get_le32(b),
                                             .nsec = get_le64(b + 4),
                                             .khz = get_le32(b + 12),
                                             .incarnation = get_le32(b + 16)};
    return STEP_ITEM;
}

static enum step take_param(struct legacy_reader *r)
{
    const struct chunk *chunk = &r->chunk;
    uint64_t index = (uint64_t)chunk->type->hvm_param;
    uint32_t i = 0;

    if (r->options.guest != GUEST_HVM) {
        cls_warn(r->log, "byte 0x%" PRIx64 ": %s dropped: it has no effect on a PV guest",
                 chunk->start, chunk->type->name);
        return STEP_AGAIN;
    }
    while (i < r->params_count && r->params[i].index != index)
        i++;
    if (i == r->params_count)
        r->params_count++;
    r->params[i] = (struct image_hvm_param){.index = index, .value = chunk->value};
    return STEP_AGAIN;
}

/* PV guests have no device model to tell of it, and libxc's format has no place for it. */
static enum step drop_toolstack(struct legacy_reader *r, uint32_t len, struct cls_error *err)
{
    const uint8_t *head;
    size_t got;

    if (!cls_input_peek(r->in, len < PHYSMAP_HEADER ? len : PHYSMAP_HEADER, &head, &got, err))
        return STEP_FAILED;
    r->physmap_dropped = got == PHYSMAP_HEADER ? get_le32(head + 4) : 0;
    if (r->options.guest != GUEST_HVM && len > TOOLSTACK_BLOB_EMPTY)
        cls_warn(r->log,
                 "toolstack blob of %" PRIu32 " bytes dropped: it has no effect on a PV guest",
                 len);
    else
        cls_info(r->log, "toolstack blob of %" PRIu32 " bytes dropped", len);
    return cls_input_skip(r->in, len, "the toolstack blob", err) ? STEP_AGAIN : STEP_FAILED;
}

static enum step take_toolstack(struct legacy_reader *r, struct cls_error *err)
{
    uint32_t len = (uint32_t)r->chunk.bulk;

    if (r->options.guest != GUEST_HVM || r->options.ignore_toolstack)
        return drop_toolstack(r, len, err);
    if (!toolstack_read(&r->toolstack, r->in, len, r->stream.width, err))
        return STEP_FAILED;
    cls_info(r->log, "toolstack blob with physmap entries: %" PRIu32, r->toolstack.count);
    return STEP_AGAIN;
}

static enum step take_tmem(struct legacy_reader *r, struct cls_error *err)
{
    const struct tmem *tmem = &r->chunk.tmem;
    uint64_t start = r->chunk.start;

    cls_input_at(r->in, "tmem", -1, NULL);
    if (tmem->pages > 0 && !r->options.drop_tmem) {
        cls_input_fail(
            r->in, err, start,
            "guest has memory in tmem, which a v2 stream cannot hold (pools with pages: %" PRIu32
            ", pages: %" PRIu64 "); --drop-tmem converts the guest without it",
            tmem->pools_with_pages, tmem->pages);
        return STEP_FAILED;
    }
    if (tmem->pages > 0)
        cls_warn(r->log,
                 "byte 0x%" PRIx64 ": guest memory in tmem dropped (pools with pages: %" PRIu32
                 ", pages: %" PRIu64 ")",
                 start, tmem->pools_with_pages, tmem->pages);
    else
        cls_warn(r->log, "byte 0x%" PRIx64 ": tmem pools without pages dropped: %" PRIu32, start,
                 tmem->pools);
    return STEP_AGAIN;
}

static enum step take_chunk(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    const struct chunk_type *type = r->chunk.type;

    log_batches(r);
    cls_info(r->log, "byte 0x%" PRIx64 ": chunk %" PRId32 ", %s", r->chunk.start, type->id,
             type->name);
    trace_part(r, type->name, r->chunk.start, 0);
    switch (type->id) {
    case XC_SAVE_ID_END:
        return end_body(r, err);
    case XC_SAVE_ID_TSC_INFO:
        return give_tsc_info(r, item);
    case XC_SAVE_ID_TOOLSTACK:
        return take_toolstack(r, err);
    case XC_SAVE_ID_TMEM:
        return take_tmem(r, err);
    case XC_SAVE_ID_ENABLE_VERIFY_MODE:
        /* The same pages once more, meant for comparison: harmless as ordinary ones. */
    case XC_SAVE_ID_LAST_CHECKPOINT:
    case XC_SAVE_ID_VCPU_INFO:
    case XC_SAVE_ID_TMEM_EXTRA:
    case XC_SAVE_ID_ENABLE_COMPRESSION:
        return STEP_AGAIN;
    case XC_SAVE_ID_COMPRESSED_DATA:
        return cls_input_skip(r->in, r->chunk.bulk, "compressed data", err) ? STEP_AGAIN
                                                                            : STEP_FAILED;
    default:
        return take_param(r);
    }
}

enum step read_chunk(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    if (!chunk_read(&r->stream, r->in, &r->chunk, err))
        return STEP_FAILED;
    chunk_note(&r->stream, &r->chunk);
    if (r->chunk.type)
        return take_chunk(r, item, err);
    trace_part(r, "page batch", r->chunk.start, r->chunk.entries);
    return read_batch(r, item, err);
}
