#include <string.h>

#include "base/bytes.h"
#include "stream.h"

/* Enough of a body to distinguish it from other data. */
#define BODY_LOOK 4096

bool measure_chunk(struct legacy_stream *s, struct chunk *chunk, struct cls_error *err)
{
    return chunk_read(s, chunk, err) && cls_input_skip(s->in, chunk->bulk, "page data", err);
}

static bool skip_to_eof(const struct legacy_stream *s, struct cls_error *err)
{
    struct cls_held held = {0};
    bool ok = tail_read_to_eof(s, &held, err);

    cls_held_free(&held);
    return ok;
}

bool measure_tail(const struct legacy_stream *s, bool with_qemu, struct cls_error *err)
{
    struct tail_part part = {0};

    do {
        if (!tail_read(s, &part, err) ||
            !(part.to_eof ? skip_to_eof(s, err) : cls_input_skip(s->in, part.bulk, "data", err)))
            return false;
    } while (part.kind != TAIL_NONE && part.kind != TAIL_QEMU &&
             (with_qemu || part.kind != TAIL_HVM_CONTEXT));
    return true;
}

bool measure_checkpoint(struct legacy_stream *s, struct cls_error *err)
{
    struct chunk chunk;

    do {
        if (!measure_chunk(s, &chunk, err))
            return false;
    } while (!chunk_ends_body(&chunk));
    return measure_tail(s, true, err);
}

/* Do fewer than 4 bytes begin a chunk id or page count? */
static bool begins_id(const uint8_t *bytes, size_t n)
{
    for (int32_t id = XC_SAVE_ID_LOWEST; id <= CLS_BATCH_MAX; id++) {
        uint8_t b[4];

        put_le32(b, (uint32_t)id);
        if (id != XC_SAVE_ID_END && memcmp(b, bytes, n) == 0)
            return true;
    }
    return false;
}

bool measure_fits_batch(const struct legacy_stream *s, const struct chunk *chunk, uint32_t n)
{
    uint32_t entry;

    for (uint32_t i = 0; i < n; i++) {
        if (!chunk_entry(s, chunk, i, &entry))
            return false;
        if (s->guest == GUEST_HVM && entry_type(entry) != PFINFO_NOTAB &&
            page_type_has_data(entry_type(entry)))
            return false;
    }
    return true;
}

/* Checks the visible entries of a batch, and only the id of other chunks. */
static bool begins_body(const struct legacy_stream *s, const uint8_t *bytes, size_t n)
{
    struct chunk chunk;
    uint32_t id = get_le32(bytes), seen;

    if (id < 1 || id > CLS_BATCH_MAX)
        return id != XC_SAVE_ID_END && chunk_type_find((int32_t)id);
    n = n - 4 < sizeof(chunk.raw) ? n - 4 : sizeof(chunk.raw);
    memcpy(chunk.raw, bytes + 4, n);
    seen = (uint32_t)(n / s->width);
    return measure_fits_batch(s, &chunk, seen < id ? seen : id);
}

bool measure_sees_body(const struct legacy_stream *s, bool *seen, struct cls_error *err)
{
    const uint8_t *bytes;
    size_t n;

    if (!cls_input_peek(s->in, BODY_LOOK, &bytes, &n, err))
        return false;
    *seen = n < 4 ? n > 0 && begins_id(bytes, n) : begins_body(s, bytes, n);
    return true;
}
