/*
 * What stands before the first body: p2m_size and, for PV, the extended info and the p2m frame
 * list. Savers before 3.2 left the extended info out for most guests.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "stream.h"

#define BLOCK_HEADER_SIZE 8

void stream_init(struct legacy_stream *s, struct cls_input *in, unsigned width,
                 enum guest_type guest)
{
    *s = (struct legacy_stream){.in = in, .width = width, .guest = guest};
    s->tmem_oid_size = TMEM_OID_MAX;
    s->vcpu_map[0] = 1; /* without VCPU_INFO, vcpu 0 is the only one */
}

static bool read_p2m_size(struct legacy_stream *s, struct cls_error *err)
{
    uint64_t start = s->in->offset;
    uint8_t b[8];

    cls_input_at(s->in, "header", -1, NULL);
    if (!cls_input_read(s->in, b, s->width, "p2m_size", err))
        return false;
    s->p2m_size = stream_get_ulong(s, b, 0);
    if (s->p2m_size < 1 || s->p2m_size > P2M_SIZE_MAX)
        return cls_input_fail(s->in, err, start,
                              "p2m_size 0x%" PRIx64 " is out of range (1 to 0x%x)", s->p2m_size,
                              P2M_SIZE_MAX);
    return true;
}

/* start: offset of the block's header. */
static bool read_block(struct legacy_stream *s, uint64_t start, const uint8_t *id, uint32_t size,
                       struct cls_error *err)
{
    if (memcmp(id, "xcnt", 4) == 0)
        return size == 4 ? cls_input_u32(s->in, &s->xcnt, "xcnt", err)
                         : cls_input_fail(s->in, err, start,
                                          "xcnt block has %" PRIu32 " bytes (expected 4)", size);
    if (memcmp(id, "vcpu", 4) == 0) {
        /* Only its size matters: the tail has the context that counts. */
        if (size != VCPU_CONTEXT_SIZE_X86_32 && size != VCPU_CONTEXT_SIZE_X86_64)
            return cls_input_fail(
                s->in, err, start,
                "vcpu context has %" PRIu32
                " bytes (expected %d for a 32-bit guest or %d for a 64-bit guest)",
                size, VCPU_CONTEXT_SIZE_X86_32, VCPU_CONTEXT_SIZE_X86_64);
        s->guest_width = size == VCPU_CONTEXT_SIZE_X86_32 ? 4 : 8;
    } else if (memcmp(id, "extv", 4) == 0) {
        s->has_extended = true;
    } else {
        s->unknown_infos++;
    }
    return cls_input_skip(s->in, size, "extended info block", err);
}

static bool read_blocks(struct legacy_stream *s, struct cls_error *err)
{
    uint32_t left;

    if (!cls_input_u32(s->in, &left, "extended info length", err))
        return false;
    for (int64_t nr = 1; left > 0; nr++) {
        uint64_t start = s->in->offset;
        uint8_t header[BLOCK_HEADER_SIZE];
        uint32_t size;

        cls_input_at(s->in, "extended info block", nr, NULL);
        if (left < BLOCK_HEADER_SIZE)
            return cls_input_fail(
                s->in, err, start,
                "extended info ends with %" PRIu32 " bytes, too few for a block header", left);
        if (!cls_input_read(s->in, header, sizeof(header), "block header", err))
            return false;
        left -= BLOCK_HEADER_SIZE;
        size = get_le32(header + 4);
        if (size > left)
            return cls_input_fail(s->in, err, start,
                                  "block has %" PRIu32 " bytes, but only %" PRIu32
                                  " bytes of extended info are left",
                                  size, left);
        if (!read_block(s, start, header, size, err))
            return false;
        left -= size;
    }
    return true;
}

bool stream_is_info_marker(const struct legacy_stream *s, uint64_t value)
{
    return value == (s->width == 8 ? UINT64_MAX : UINT32_MAX);
}

static bool read_pv_info(struct legacy_stream *s, struct cls_error *err)
{
    const uint8_t *first;
    size_t got;

    s->guest_width = s->width; /* unless a block says otherwise */
    cls_input_at(s->in, "extended info", -1, NULL);
    if (!cls_input_peek(s->in, s->width, &first, &got, err))
        return false;
    if (got < s->width || stream_is_info_marker(s, stream_get_ulong(s, first, 0)))
        if (!cls_input_skip(s->in, s->width, "extended info marker", err) || !read_blocks(s, err))
            return false;
    s->pt_levels = s->guest_width == 8 ? 4 : 3;
    s->frames_total = ((uint32_t)s->p2m_size - 1) / (CLS_PAGE_SIZE / s->guest_width) + 1;
    return true;
}

bool stream_read_header(struct legacy_stream *s, struct cls_error *err)
{
    return read_p2m_size(s, err) && (s->guest == GUEST_HVM || read_pv_info(s, err));
}

bool stream_read_frames(struct legacy_stream *s, uint64_t frames[CLS_BATCH_MAX], uint32_t *count,
                        struct cls_error *err)
{
    uint32_t left = s->frames_total - s->frames_done;
    uint64_t start = s->in->offset;
    uint8_t raw[CLS_BATCH_MAX * 8];

    if (*count > left)
        *count = left;
    cls_input_at(s->in, "p2m frame list", -1, NULL);
    if (!cls_input_read(s->in, raw, (size_t)*count * s->width, "the p2m frame list", err))
        return false;
    for (uint32_t i = 0; i < *count; i++) {
        frames[i] = stream_get_ulong(s, raw, i);
        if (frames[i] >= s->p2m_size)
            return cls_input_fail(s->in, err, start + (uint64_t)i * s->width,
                                  "frame 0x%" PRIx64
                                  " is not below the guest's p2m_size 0x%" PRIx64,
                                  frames[i], s->p2m_size);
    }
    s->frames_done += *count;
    return true;
}
