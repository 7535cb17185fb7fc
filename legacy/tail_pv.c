/*
 * The items of a PV stream's tail.
 */
#include <errno.h>
#include <inttypes.h>

#include "reader_internal.h"

static void go_to_vcpu(struct legacy_reader *r, uint32_t id)
{
    r->vcpu = stream_next_vcpu(&r->stream, id);
    r->phase = r->vcpu <= r->stream.max_vcpu_id ? PHASE_VCPU_BASIC : PHASE_SHARED_INFO;
}

/* What no Xen that reads v2 could restore, and what only the whole body tells. */
static bool check_guest(struct legacy_reader *r, struct cls_error *err)
{
    if (r->pages + r->pages_without_data == 0)
        return cls_input_fail(r->in, err, r->in->offset, "the body had no page of the guest");
    /* Hypervisors that ran 64-bit toolstacks ran no such guests. */
    if (r->stream.width == 4 && r->stream.guest_width == 4 && r->l2_seen && !r->l3_seen)
        return cls_input_fail(r->in, err, r->in->offset,
                              "a guest with 2-level page tables (32-bit, not PAE): no Xen since "
                              "4.3 can run it");
    return true;
}

/* Pages that were sent, and that the guest has given back to Xen since. */
static bool note_given_back(struct legacy_reader *r, uint64_t pfn, struct cls_error *err)
{
    return !pfn_set_has(&r->sent, pfn) || pfn_set_add(&r->given_back, pfn) ||
           cls_fail_errno(err, ENOMEM, "cannot note which pages were given back");
}

static bool read_unmapped_list(struct legacy_reader *r, uint32_t count, struct cls_error *err)
{
    unsigned width = r->stream.width;
    uint64_t start = r->in->offset, size = (uint64_t)count * width;

    while (r->in->offset < start + size) {
        uint64_t left = start + size - r->in->offset;
        size_t n = left < sizeof(r->chunk.raw) ? (size_t)left : sizeof(r->chunk.raw), got;

        if (!cls_input_read_some(r->in, r->chunk.raw, n, &got, err))
            return false;
        if (got < n)
            return cls_input_truncated(r->in, err, start, size, r->in->offset - start,
                                       "unmapped pfns");
        for (size_t i = 0; i < n / width; i++)
            if (!note_given_back(r, stream_get_ulong(&r->stream, r->chunk.raw, i), err))
                return false;
    }
    return true;
}

enum step read_unmapped_pfns(struct legacy_reader *r, struct cls_error *err)
{
    uint64_t start = r->in->offset;
    uint32_t count;

    cls_input_at(r->in, "unmapped pfns", -1, NULL);
    if (!check_guest(r, err) || !stream_read_unmapped_count(&r->stream, r->in, &count, err))
        return STEP_FAILED;
    trace_part(r, "unmapped pfns", start, count);
    if (!read_unmapped_list(r, count, err))
        return STEP_FAILED;
    if (count > 0)
        cls_info(r->log, "unmapped pfns: %" PRIu32 ", of which sent before: %" PRIu64, count,
                 r->given_back.count);
    go_to_vcpu(r, 0);
    return STEP_AGAIN;
}

static enum step give_vcpu(struct legacy_reader *r, struct image_item *item,
                           enum image_item_kind kind, uint64_t len)
{
    item->kind = kind;
    item->vcpu = (struct image_vcpu){.id = r->vcpu, .data = {.len = len, .bytes = r->vcpu_bytes}};
    return STEP_ITEM;
}

enum step read_vcpu_basic(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    size_t size = stream_vcpu_size(&r->stream);

    cls_input_at(r->in, "vcpu", r->vcpu, "context");
    trace_part(r, "vcpu", r->in->offset, 0);
    if (!cls_input_read(r->in, r->vcpu_bytes, size, "a vcpu context", err))
        return STEP_FAILED;
    cls_info(r->log, "vcpu %" PRIu32, r->vcpu);
    /* Savers without VCPU_INFO saved no such flag, and the restore code put it there. */
    if (!r->stream.vcpu_info_seen)
        r->vcpu_bytes[VCPU_CONTEXT_FLAGS] |= VGCF_ONLINE;
    r->phase = PHASE_VCPU_EXTENDED;
    return give_vcpu(r, item, IMAGE_VCPU_BASIC, size);
}

enum step read_vcpu_extended(struct legacy_reader *r, struct image_item *item,
                             struct cls_error *err)
{
    r->phase = PHASE_VCPU_XSAVE;
    if (!r->stream.has_extended)
        return STEP_AGAIN;
    cls_input_at(r->in, "vcpu", r->vcpu, "extended context");
    if (!cls_input_read(r->in, r->vcpu_bytes, VCPU_EXTENDED_SIZE, "an extended vcpu context", err))
        return STEP_FAILED;
    return give_vcpu(r, item, IMAGE_VCPU_EXTENDED, VCPU_EXTENDED_SIZE);
}

enum step read_vcpu_xsave(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    uint64_t size;

    if (r->stream.xcnt == 0) {
        go_to_vcpu(r, r->vcpu + 1);
        return STEP_AGAIN;
    }
    if (!stream_read_xsave_size(r->in, r->vcpu, &size, err) ||
        !cls_input_read(r->in, r->vcpu_bytes, (size_t)size, "xsave data", err))
        return STEP_FAILED;
    give_vcpu(r, item, IMAGE_VCPU_XSAVE, size);
    go_to_vcpu(r, r->vcpu + 1);
    return STEP_ITEM;
}

enum step read_shared_info(struct legacy_reader *r, struct image_item *item)
{
    cls_input_at(r->in, "shared info", -1, NULL);
    trace_part(r, "shared info", r->in->offset, 0);
    item->kind = IMAGE_SHARED_INFO;
    refer_to_input(r, &item->data, CLS_PAGE_SIZE);
    r->phase = PHASE_LIBXC_END;
    return STEP_ITEM;
}
