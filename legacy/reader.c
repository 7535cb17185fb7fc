#include "legacy/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "compact.h"
#include "compressed.h"
#include "measure.h"
#include "reader_internal.h"

struct legacy_reader *legacy_reader_new(struct cls_input *in, const struct legacy_options *options,
                                        const struct cls_log *log, struct cls_error *err)
{
    struct legacy_reader *r = calloc(1, sizeof(*r));

    if (!r) {
        cls_fail_errno(err, ENOMEM, "cannot start reading");
        return NULL;
    }
    r->source = r->in = in;
    r->log = log;
    r->options = *options;
    stream_init(&r->stream, options->width, options->guest, options->embedded);
    return r;
}

void legacy_reader_free(struct legacy_reader *r)
{
    if (!r)
        return;
    r->source->copy = NULL;
    cls_input_release(&r->spooled);
    toolstack_free(&r->toolstack);
    compact_free(r->compact);
    compressed_free(r->compressed);
    pfn_set_free(&r->sent);
    pfn_set_free(&r->given_back);
    free(r->page_buf);
    free(r->qemu_bytes);
    free(r);
}

bool legacy_reader_rest_dropped(const struct legacy_reader *r)
{
    return r->rest_dropped;
}

bool legacy_reader_last_checkpoint(const struct legacy_reader *r)
{
    return r->stream.last_checkpoint;
}

bool legacy_reader_sees_more(const struct legacy_reader *r, bool *seen, struct cls_error *err)
{
    struct cls_input behind;
    bool ok;

    cls_input_init_at(&behind, r->source->fd, r->source->name, r->source->offset, NULL);
    ok = measure_sees_body(&r->stream, &behind, seen, err);
    cls_input_release(&behind);
    return ok;
}

struct pfn_set *legacy_reader_given_back(struct legacy_reader *r)
{
    return &r->given_back;
}

/* The stream has noted the whole extended info by now, before the frame list. */
static void log_pv_info(const struct legacy_reader *r, uint64_t start)
{
    const struct legacy_stream *s = &r->stream;

    if (r->in->offset == start + s->width)
        cls_info(r->log, "no extended info: stream was written by Xen 3.0 or 3.1");
    else
        trace_part(r, "extended info", start, 0);
    if (s->unknown_infos > 0)
        cls_warn(r->log,
                 "byte 0x%" PRIx64
                 ": unknown extended info blocks skipped (Xen skips them, too): %u",
                 start, s->unknown_infos);
    cls_info(r->log, "%u-bit PV guest, %u levels of page tables%s%s", s->guest_width * 8,
             s->pt_levels, s->has_extended ? ", extended vcpu contexts" : "",
             s->xcnt ? ", xsave" : "");
}

static enum step read_header(struct legacy_reader *r, struct image_item *item,
                             struct cls_error *err)
{
    struct legacy_stream *s = &r->stream;
    uint64_t start = r->in->offset;

    trace_part(r, "p2m_size", start, 0);
    if (!stream_read_p2m_size(s, r->in, err))
        return STEP_FAILED;
    cls_info(r->log, "p2m_size 0x%" PRIx64 " (%" PRIu64 " MiB)", s->p2m_size,
             s->p2m_size * CLS_PAGE_SIZE >> 20);
    r->phase = PHASE_SURVEY;
    if (s->guest == GUEST_PV) {
        start = r->in->offset;
        if (!stream_read_pv_info(s, r->in, err))
            return STEP_FAILED;
        log_pv_info(r, start);
        r->phase = PHASE_PV_INFO;
    }
    item->kind = IMAGE_BEGIN;
    item->begin = (struct image_begin){.guest = s->guest, .p2m_size = s->p2m_size};
    return STEP_ITEM;
}

static enum step give_pv_info(struct legacy_reader *r, struct image_item *item)
{
    item->kind = IMAGE_PV_INFO;
    item->pv_info = (struct image_pv_info){.guest_width = r->stream.guest_width,
                                           .pt_levels = r->stream.pt_levels};
    r->phase = PHASE_P2M_FRAMES;
    return STEP_ITEM;
}

/* The list in parts that fit the reader's buffers, so that its length costs no memory. */
static enum step read_p2m_frames(struct legacy_reader *r, struct image_item *item,
                                 struct cls_error *err)
{
    struct legacy_stream *s = &r->stream;
    struct image_p2m_frames *frames = &item->p2m_frames;

    *frames = (struct image_p2m_frames){.p2m_size = (uint32_t)s->p2m_size,
                                        .total = s->frames_total,
                                        .first = s->frames_done,
                                        .count = CLS_BATCH_MAX,
                                        .frames = r->frames};
    if (s->frames_done == 0)
        trace_part(r, "p2m frame list", r->in->offset - s->width, s->frames_total);
    if (!stream_read_frames(s, r->in, r->frames, &frames->count, err))
        return STEP_FAILED;
    item->kind = IMAGE_P2M_FRAMES;
    if (s->frames_done == s->frames_total)
        r->phase = PHASE_SURVEY;
    return STEP_ITEM;
}

static enum step give_libxc_end(struct legacy_reader *r, struct image_item *item)
{
    item->kind = IMAGE_LIBXC_END;
    r->phase = r->stream.guest == GUEST_HVM ? PHASE_PHYSMAP : PHASE_END;
    return STEP_ITEM;
}

static enum step take_step(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    switch (r->phase) {
    case PHASE_HEADER:
        return read_header(r, item, err);
    case PHASE_PV_INFO:
        return give_pv_info(r, item);
    case PHASE_P2M_FRAMES:
        return read_p2m_frames(r, item, err);
    case PHASE_SURVEY:
        return begin_bodies(r, err);
    case PHASE_BODY:
        return read_chunk(r, item, err);
    case PHASE_CHECKPOINT:
        return find_checkpoint(r, err);
    case PHASE_HVM_PARAMS:
        return give_chunk_params(r, item);
    case PHASE_TAIL:
        return read_tail(r, item, err);
    case PHASE_LIBXC_END:
        return give_libxc_end(r, item);
    case PHASE_PHYSMAP:
        return give_physmap(r, item);
    case PHASE_END:
        item->kind = IMAGE_END;
        return STEP_ITEM;
    }
    return STEP_FAILED;
}

/* What was left of the last item's bulk. */
static bool skip_bulk(struct legacy_reader *r, struct cls_error *err)
{
    return r->in->offset >= r->data_end ||
           cls_input_skip(r->in, r->data_end - r->in->offset, "data", err);
}

bool legacy_reader_next(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    enum step step = STEP_AGAIN;

    if (!skip_bulk(r, err))
        return false;
    while (step == STEP_AGAIN)
        step = take_step(r, item, err);
    return step == STEP_ITEM;
}
