#include "measure.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"

/* Enough of a body to tell it from other things. */
#define BODY_LOOK 4096

bool measure_chunk(struct legacy_stream *s, struct cls_input *in, struct chunk *chunk,
                   struct cls_error *err)
{
    if (!chunk_read(s, in, chunk, err) || !cls_input_skip(in, chunk->bulk, "page data", err))
        return false;
    chunk_note(s, chunk);
    return true;
}

bool measure_body(struct legacy_stream *s, struct cls_input *in,
                  const struct chunk_visitor *visitor, struct cls_error *err)
{
    struct chunk chunk;

    do {
        if (!measure_chunk(s, in, &chunk, err))
            return false;
        if (visitor)
            visitor->visit(visitor->ctx, s, &chunk);
    } while (!chunk_ends_body(&chunk));
    return true;
}

static bool skip_vcpu(const struct legacy_stream *s, struct cls_input *in, uint32_t vcpu,
                      struct cls_error *err)
{
    uint64_t size;

    cls_input_at(in, "vcpu", vcpu, "context");
    if (!cls_input_skip(in, stream_vcpu_size(s), "a vcpu context", err))
        return false;
    cls_input_at(in, "vcpu", vcpu, "extended context");
    if (s->has_extended &&
        !cls_input_skip(in, VCPU_EXTENDED_SIZE, "an extended vcpu context", err))
        return false;
    return s->xcnt == 0 || (stream_read_xsave_size(in, vcpu, &size, err) &&
                            cls_input_skip(in, size, "xsave data", err));
}

static bool measure_pv_tail(const struct legacy_stream *s, struct cls_input *in,
                            struct cls_error *err)
{
    uint32_t unmapped;

    if (!stream_read_unmapped_count(s, in, &unmapped, err) ||
        !cls_input_skip(in, (uint64_t)unmapped * s->width, "unmapped pfns", err))
        return false;
    for (uint32_t vcpu = 0; vcpu <= s->max_vcpu_id; vcpu = stream_next_vcpu(s, vcpu + 1))
        if (!skip_vcpu(s, in, vcpu, err))
            return false;
    cls_input_at(in, "shared info", -1, NULL);
    return cls_input_skip(in, CLS_PAGE_SIZE, "the shared info", err);
}

static bool skip_to_eof(struct cls_input *in, struct cls_error *err)
{
    uint8_t *buf = cls_input_bulk(in, err);
    uint64_t start = in->offset;
    size_t got = CLS_BULK_SIZE;

    if (!buf)
        return false;
    while (got == CLS_BULK_SIZE && in->offset - start <= QEMU_TO_EOF_MAX)
        if (!cls_input_read_some(in, buf, CLS_BULK_SIZE, &got, err))
            return false;
    return true;
}

static bool skip_qemu_record(const struct legacy_stream *s, struct cls_input *in,
                             struct cls_error *err)
{
    struct qemu_head head;

    if (!stream_read_qemu_head(s, in, &head, err))
        return false;
    return head.to_eof ? skip_to_eof(in, err) : cls_input_skip(in, head.len, "data", err);
}

static bool measure_hvm_tail(const struct legacy_stream *s, struct cls_input *in, bool with_qemu,
                             struct cls_error *err)
{
    uint32_t len;

    cls_input_at(in, "magic pfns", -1, NULL);
    return cls_input_skip(in, MAGIC_PFNS * 8, "the magic pfns", err) &&
           stream_read_context_length(in, &len, err) && cls_input_skip(in, len, "data", err) &&
           (!with_qemu || skip_qemu_record(s, in, err));
}

bool measure_tail(const struct legacy_stream *s, struct cls_input *in, bool with_qemu,
                  struct cls_error *err)
{
    return s->guest == GUEST_HVM ? measure_hvm_tail(s, in, with_qemu, err)
                                 : measure_pv_tail(s, in, err);
}

/* Do fewer than 4 bytes begin a chunk id or page count? */
static bool begins_id(const uint8_t *bytes, size_t n)
{
    for (int32_t id = XC_SAVE_ID_HVM_X87_FIP_WIDTH; id <= CLS_BATCH_MAX; id++) {
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
        if (chunk_entry(s, chunk, i, &entry) != ENTRY_SOUND)
            return false;
        if (s->guest == GUEST_HVM && entry_type(entry) != PFINFO_NOTAB &&
            page_type_has_data(entry_type(entry)))
            return false;
    }
    return true;
}

/* A batch's entries must fit, as far as they are there; of other chunks the id will do. */
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

bool measure_sees_body(const struct legacy_stream *s, struct cls_input *in, bool *seen,
                       struct cls_error *err)
{
    const uint8_t *bytes;
    size_t n;

    if (!cls_input_peek(in, BODY_LOOK, &bytes, &n, err))
        return false;
    *seen = n < 4 ? n > 0 && begins_id(bytes, n) : begins_body(s, bytes, n);
    return true;
}
