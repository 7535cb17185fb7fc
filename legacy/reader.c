#include "legacy/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "compressed.h"
#include "reader_internal.h"

struct legacy_reader *legacy_reader_new(struct cls_input *in, const struct legacy_options *options,
                                        const struct cls_log *log, struct cls_error *err)
{
    struct legacy_reader *r = calloc(1, sizeof(*r));

    if (!r) {
        cls_fail_errno(err, ENOMEM, "cannot start reading");
        return NULL;
    }
    r->source = in;
    r->log = log;
    r->options = *options;
    stream_init(&r->stream, in, options->width, options->guest);
    r->stream.embedded = options->embedded;
    return r;
}

void legacy_reader_free(struct legacy_reader *r)
{
    if (!r)
        return;
    r->source->copy = NULL;
    cls_input_release(&r->spooled);
    toolstack_free(&r->toolstack);
    compressed_free(r->compressed);
    cls_held_free(&r->qemu);
    pfn_set_free(&r->sent);
    pfn_set_free(&r->given_back);
    free(r->copies_left);
    free(r->page_buf);
    free(r);
}

bool legacy_reader_rest_dropped(const struct legacy_reader *r)
{
    return r->rest_dropped;
}

struct pfn_set *legacy_reader_given_back(struct legacy_reader *r)
{
    return &r->given_back;
}

bool legacy_reader_sees_more(const struct legacy_reader *r, bool *seen, struct cls_error *err)
{
    *seen = false;
    return r->stream.last_checkpoint || measure_sees_body(&r->stream, seen, err);
}

/* info: offset where the extended info begins, if there is any. */
static void log_pv_info(const struct legacy_reader *r, uint64_t info)
{
    const struct legacy_stream *s = &r->stream;

    if (s->in->offset == info)
        cls_info(r->log, "no extended info: stream was written by Xen 3.0 or 3.1");
    else
        trace_part(r, "extended info", info, 0);
    if (s->unknown_infos > 0)
        cls_warn(r->log,
                 "byte 0x%" PRIx64
                 ": unknown extended info blocks skipped (Xen skips them, too): %u",
                 info, s->unknown_infos);
    cls_info(r->log, "%u-bit PV guest, %u levels of page tables%s%s", s->guest_width * 8,
             s->pt_levels, s->has_extended ? ", extended vcpu contexts" : "",
             s->xcnt ? ", xsave" : "");
}

static bool read_header(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    struct legacy_stream *s = &r->stream;
    uint64_t start = s->in->offset;

    trace_part(r, "p2m_size", start, 0);
    if (!stream_read_header(s, err))
        return false;
    cls_info(r->log, "p2m_size 0x%" PRIx64 " (%" PRIu64 " MiB)", s->p2m_size,
             s->p2m_size * CLS_PAGE_SIZE >> 20);
    item->kind = IMAGE_BEGIN;
    item->begin = (struct image_begin){.guest = s->guest, .p2m_size = s->p2m_size};
    if (s->guest == GUEST_HVM)
        return begin_bodies(r, err);
    r->phase = PHASE_PV_INFO;
    log_pv_info(r, start + s->width);
    return true;
}

/* The list is read in parts, so that its length costs no memory. */
static bool read_p2m_frames(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    struct legacy_stream *s = &r->stream;
    struct image_p2m_frames *frames = &item->p2m_frames;

    *frames = (struct image_p2m_frames){.p2m_size = (uint32_t)s->p2m_size,
                                        .total = s->frames_total,
                                        .first = s->frames_done,
                                        .count = CLS_BATCH_MAX,
                                        .frames = r->frames};
    if (s->frames_done == 0)
        trace_part(r, "p2m frame list", s->in->offset, s->frames_total);
    if (!stream_read_frames(s, r->frames, &frames->count, err))
        return false;
    item->kind = IMAGE_P2M_FRAMES;
    return s->frames_done < s->frames_total || begin_bodies(r, err);
}

static bool read_phase(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    switch (r->phase) {
    case PHASE_HEADER:
        return read_header(r, item, err);
    case PHASE_PV_INFO:
        item->kind = IMAGE_PV_INFO;
        item->pv_info = (struct image_pv_info){.guest_width = r->stream.guest_width,
                                               .pt_levels = r->stream.pt_levels};
        r->phase = PHASE_P2M_FRAMES;
        return true;
    case PHASE_P2M_FRAMES:
        return read_p2m_frames(r, item, err);
    case PHASE_BODY:
        return read_chunk(r, item, err);
    case PHASE_CHECKPOINT:
        return find_checkpoint(r, err);
    case PHASE_HVM_PARAMS:
        return give_chunk_params(r, item);
    case PHASE_TAIL:
        return read_tail(r, item, err);
    case PHASE_LIBXC_END:
        item->kind = IMAGE_LIBXC_END;
        r->phase = r->stream.guest == GUEST_HVM ? PHASE_PHYSMAP : PHASE_END;
        return true;
    case PHASE_PHYSMAP:
        return give_physmap(r, item);
    case PHASE_END:
        item->kind = IMAGE_END;
        return true;
    }
    return false;
}

bool legacy_reader_next(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    struct cls_input *in = r->stream.in;

    /* Skip the rest of the last item's bulk. */
    if (in->offset < r->data_end && !cls_input_skip(in, r->data_end - in->offset, "data", err))
        return false;
    item->kind = NO_ITEM;
    while (item->kind == NO_ITEM)
        if (!read_phase(r, item, err))
            return false;
    return true;
}
