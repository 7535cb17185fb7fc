#include "legacy/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "compact.h"
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
    r->source = r->in = in;
    r->log = log;
    r->options = *options;
    r->body.vcpu_map[0] = 1; /* without VCPU_INFO, vcpu 0 is the only one */
    return r;
}

void legacy_reader_free(struct legacy_reader *r)
{
    if (!r)
        return;
    r->source->copy = NULL;
    cls_input_release(&r->spooled);
    toolstack_free(&r->body.toolstack);
    compact_free(r->compact);
    compressed_free(r->compressed);
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
    return r->body.last_checkpoint;
}

bool read_ulong(struct legacy_reader *r, uint64_t *v, const char *what, struct cls_error *err)
{
    if (!cls_input_read(r->in, r->raw, r->options.width, what, err))
        return false;
    *v = get_ulong(r, r->raw, 0);
    return true;
}

uint64_t get_ulong(const struct legacy_reader *r, const uint8_t *array, size_t i)
{
    return r->options.width == 8 ? get_le64(array + 8 * i) : get_le32(array + 4 * i);
}

void refer_to_input(struct legacy_reader *r, struct image_data *data, uint64_t len)
{
    *data = (struct image_data){.len = len, .from = r->in};
    r->data_end = r->in->offset + len;
}

void tell_part(const struct legacy_reader *r, const char *name, uint64_t offset, uint64_t count)
{
    if (!r->looking)
        stream_trace_part(r->options.trace, NULL, name, offset, count);
}

static enum step read_header(struct legacy_reader *r, struct image_item *item,
                             struct cls_error *err)
{
    bool pv = r->options.guest == GUEST_PV;
    uint64_t start = r->in->offset;

    cls_input_at(r->in, "header", -1, NULL);
    tell_part(r, "p2m_size", start, 0);
    if (!read_ulong(r, &r->p2m_size, "p2m_size", err))
        return STEP_FAILED;
    if (r->p2m_size < 1 || r->p2m_size > P2M_SIZE_MAX) {
        cls_input_fail(r->in, err, start, "p2m_size 0x%" PRIx64 " is not in 1..0x%x", r->p2m_size,
                       P2M_SIZE_MAX);
        return STEP_FAILED;
    }
    cls_info(r->log, "p2m_size 0x%" PRIx64 " (%" PRIu64 " MiB)", r->p2m_size,
             r->p2m_size * CLS_PAGE_SIZE >> 20);
    if (pv && !read_extended_info(r, err))
        return STEP_FAILED;
    item->kind = IMAGE_BEGIN;
    item->begin = (struct image_begin){.guest = r->options.guest, .p2m_size = r->p2m_size};
    r->phase = pv ? PHASE_PV_INFO : PHASE_SURVEY;
    return STEP_ITEM;
}

static enum step give_pv_info(struct legacy_reader *r, struct image_item *item)
{
    uint32_t pfns_per_frame = CLS_PAGE_SIZE / r->guest_width;

    item->kind = IMAGE_PV_INFO;
    item->pv_info =
        (struct image_pv_info){.guest_width = r->guest_width, .pt_levels = r->pt_levels};
    r->frames_total = ((uint32_t)r->p2m_size - 1) / pfns_per_frame + 1;
    r->phase = PHASE_P2M_FRAMES;
    return STEP_ITEM;
}

/* The list in parts that fit the reader's buffers, so that its length costs no memory. */
static enum step read_p2m_frames(struct legacy_reader *r, struct image_item *item,
                                 struct cls_error *err)
{
    uint32_t left = r->frames_total - r->frames_done;
    uint32_t count = left < CLS_BATCH_MAX ? left : CLS_BATCH_MAX;
    uint32_t have = r->frames_done == 0; /* the first was read to tell it from an extended info */
    unsigned width = r->options.width;
    uint64_t start = r->in->offset - (uint64_t)have * width;

    cls_input_at(r->in, "p2m frame list", -1, NULL);
    if (r->frames_done == 0)
        tell_part(r, "p2m frame list", start, r->frames_total);
    if (!cls_input_read(r->in, r->raw, (size_t)(count - have) * width, "the p2m frame list", err))
        return STEP_FAILED;
    for (uint32_t i = 0; i < count; i++) {
        r->frames[i] = i < have ? r->first_frame : get_ulong(r, r->raw, i - have);
        if (r->frames[i] >= r->p2m_size) {
            cls_input_fail(r->in, err, start + (uint64_t)i * width,
                           "frame 0x%" PRIx64 " lies beyond the guest's p2m_size 0x%" PRIx64,
                           r->frames[i], r->p2m_size);
            return STEP_FAILED;
        }
    }

    item->kind = IMAGE_P2M_FRAMES;
    item->p2m_frames = (struct image_p2m_frames){.p2m_size = (uint32_t)r->p2m_size,
                                                 .total = r->frames_total,
                                                 .first = r->frames_done,
                                                 .count = count,
                                                 .frames = r->frames};
    r->frames_done += count;
    if (r->frames_done == r->frames_total)
        r->phase = PHASE_SURVEY;
    return STEP_ITEM;
}

static enum step give_chunk_params(struct legacy_reader *r, struct image_item *item)
{
    r->phase = PHASE_MAGIC_PFNS;
    if (r->body.params_count == 0)
        return STEP_AGAIN;
    item->kind = IMAGE_HVM_PARAMS;
    item->hvm_params =
        (struct image_hvm_params){.count = r->body.params_count, .params = r->body.params};
    return STEP_ITEM;
}

static enum step give_libxc_end(struct legacy_reader *r, struct image_item *item)
{
    item->kind = IMAGE_LIBXC_END;
    r->phase = r->options.guest == GUEST_HVM ? PHASE_PHYSMAP : PHASE_END;
    return STEP_ITEM;
}

static enum step give_physmap(struct legacy_reader *r, struct image_item *item)
{
    r->phase = r->options.skip_qemu ? PHASE_END : PHASE_QEMU;
    if (r->body.toolstack.count == 0)
        return STEP_AGAIN;
    item->kind = IMAGE_PHYSMAP;
    item->physmap = (struct image_physmap){
        .count = r->body.toolstack.count, .next = toolstack_next, .ctx = &r->body.toolstack};
    return STEP_ITEM;
}

enum step take_step(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    switch (r->phase) {
    case PHASE_HEADER:
        return read_header(r, item, err);
    case PHASE_PV_INFO:
        return give_pv_info(r, item);
    case PHASE_P2M_FRAMES:
        return read_p2m_frames(r, item, err);
    case PHASE_SURVEY:
        return survey(r, err);
    case PHASE_BODY:
        return read_chunk(r, item, err);
    case PHASE_CHECKPOINT:
        return put_off_tail(r, err);
    case PHASE_HVM_PARAMS:
        return give_chunk_params(r, item);
    case PHASE_MAGIC_PFNS:
        return read_magic_pfns(r, item, err);
    case PHASE_HVM_CONTEXT:
        return read_hvm_context(r, item, err);
    case PHASE_UNMAPPED_PFNS:
        return read_unmapped_pfns(r, err);
    case PHASE_VCPU_BASIC:
        return read_vcpu_basic(r, item, err);
    case PHASE_VCPU_EXTENDED:
        return read_vcpu_extended(r, item, err);
    case PHASE_VCPU_XSAVE:
        return read_vcpu_xsave(r, item, err);
    case PHASE_SHARED_INFO:
        return read_shared_info(r, item);
    case PHASE_LIBXC_END:
        return give_libxc_end(r, item);
    case PHASE_PHYSMAP:
        return give_physmap(r, item);
    case PHASE_QEMU:
        return read_qemu(r, item, err);
    case PHASE_END:
        item->kind = IMAGE_END;
        return STEP_ITEM;
    }
    return STEP_FAILED;
}

bool skip_bulk(struct legacy_reader *r, struct cls_error *err)
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
