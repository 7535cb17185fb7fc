/*
 * The body: makes items of its chunks. Chunks come in any order, and a later one replaces an
 * earlier one of its kind (pagebuf_get_one() in tools/libxc/xc_domain_restore.c of Xen 4.5).
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "reader_internal.h"

/* One line for all page batches since the last other chunk. */
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

static bool give_tsc_info(const struct legacy_reader *r, struct image_item *item)
{
    const uint8_t *b = r->chunk.raw;

    item->kind = IMAGE_TSC_INFO;
    item->tsc_info = (struct image_tsc_info){.mode = get_le32(b),
                                             .nsec = get_le64(b + 4),
                                             .khz = get_le32(b + 12),
                                             .incarnation = get_le32(b + 16)};
    return true;
}

static bool take_param(struct legacy_reader *r)
{
    const struct chunk *chunk = &r->chunk;
    uint64_t index = (uint64_t)chunk->type->hvm_param;
    uint32_t i = 0;

    if (r->options.guest != GUEST_HVM) {
        cls_warn(r->log, "byte 0x%" PRIx64 ": %s dropped: it has no effect on a PV guest",
                 chunk->start, chunk->type->name);
        return true;
    }
    while (i < r->params_count && r->params[i].index != index)
        i++;
    if (i == r->params_count)
        r->params_count++;
    r->params[i] = (struct image_hvm_param){.index = index, .value = get_le64(chunk->raw + 4)};
    return true;
}

/* PV guests have no device model that needs it, and libxc's format cannot hold it. */
static bool drop_toolstack(struct legacy_reader *r, uint32_t len, struct cls_error *err)
{
    const uint8_t *head;
    size_t got;

    if (!cls_input_peek(r->stream.in, len < TOOLSTACK_BLOB_HEADER ? len : TOOLSTACK_BLOB_HEADER,
                        &head, &got, err))
        return false;
    r->physmap_dropped = got == TOOLSTACK_BLOB_HEADER ? get_le32(head + 4) : 0;
    if (r->options.guest != GUEST_HVM && len > TOOLSTACK_BLOB_HEADER)
        cls_warn(r->log,
                 "toolstack blob of %" PRIu32 " bytes dropped: it has no effect on a PV guest",
                 len);
    else
        cls_info(r->log, "toolstack blob of %" PRIu32 " bytes dropped", len);
    return cls_input_skip(r->stream.in, len, "the toolstack blob", err);
}

static bool take_toolstack(struct legacy_reader *r, struct cls_error *err)
{
    uint32_t len = (uint32_t)r->chunk.bulk;

    if (r->options.guest != GUEST_HVM || r->options.ignore_toolstack)
        return drop_toolstack(r, len, err);
    if (!toolstack_read(&r->toolstack, r->stream.in, len, r->stream.width, err))
        return false;
    cls_info(r->log, "toolstack blob with physmap entries: %" PRIu32, r->toolstack.count);
    return true;
}

static bool take_tmem(struct legacy_reader *r, struct cls_error *err)
{
    const struct tmem *tmem = &r->chunk.tmem;
    uint64_t start = r->chunk.start;

    cls_input_at(r->stream.in, "tmem", -1, NULL);
    if (tmem->pages > 0 && !r->options.drop_tmem)
        return cls_input_fail(
            r->stream.in, err, start,
            "guest has memory in tmem, which a v2 stream cannot hold (pools with pages: %" PRIu32
            ", pages: %" PRIu64 "); --drop-tmem converts the guest without it",
            tmem->pools_with_pages, tmem->pages);
    if (tmem->pages > 0)
        cls_warn(r->log,
                 "byte 0x%" PRIx64 ": guest memory in tmem dropped (pools with pages: %" PRIu32
                 ", pages: %" PRIu64 ")",
                 start, tmem->pools_with_pages, tmem->pages);
    else
        cls_warn(r->log, "byte 0x%" PRIx64 ": tmem pools without pages dropped: %" PRIu32, start,
                 tmem->pools);
    return true;
}

static bool take_chunk(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
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
    default:
        if (type->hvm_param)
            return take_param(r);
        /*
         * chunk_read() has noted the others. Their bulk is compressed data, which compressed.c
         * reads by further cursors. Verify mode sends the same pages again: as ordinary pages they
         * do no harm.
         */
        return cls_input_skip(r->stream.in, r->chunk.bulk, "compressed data", err);
    }
}

bool read_chunk(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    if (!chunk_read(&r->stream, &r->chunk, err))
        return false;
    if (r->chunk.type)
        return take_chunk(r, item, err);
    trace_part(r, "page batch", r->chunk.start, r->chunk.entries);
    return read_batch(r, item, err);
}
