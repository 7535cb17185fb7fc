/*
 * The tail of a PV stream: buffer_tail_pv() in tools/libxc/xc_domain_restore.c of Xen 4.5.
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "reader_internal.h"

/*
 * Moves to the next online vcpu at or above id. Bits of the map above max_vcpu_id don't count.
 */
static void go_to_vcpu(struct legacy_reader *r, uint32_t id)
{
    while (id <= r->body.max_vcpu_id && !vcpu_is_online(r, id))
        id++;
    r->vcpu = id;
    r->phase = id <= r->body.max_vcpu_id ? PHASE_VCPU_BASIC : PHASE_SHARED_INFO;
}

/* What no Xen that reads v2 could restore, and what only the whole body tells. */
static bool check_guest(struct legacy_reader *r, struct cls_error *err)
{
    if (!vcpu_is_online(r, 0))
        return cls_input_fail(r->in, err, r->in->offset,
                              "the vcpu map has no vcpu 0, without which no Xen restores a guest");
    if (r->body.pages + r->body.pages_without_data == 0)
        return cls_input_fail(r->in, err, r->in->offset, "the body had no page of the guest");
    if (!r->guest_width_known && r->pt_levels == 3 && r->body.l2_seen && !r->body.l3_seen)
        return cls_input_fail(r->in, err, r->in->offset,
                              "a guest with 2-level page tables (32-bit, not PAE): no Xen since "
                              "4.3 can run it");
    return true;
}

enum step read_unmapped_pfns(struct legacy_reader *r, struct cls_error *err)
{
    uint64_t start = r->in->offset;
    uint32_t count;

    cls_input_at(r->in, "unmapped pfns", -1, NULL);
    if (!check_guest(r, err) || !cls_input_u32(r->in, &count, "count of unmapped pfns", err))
        return STEP_FAILED;
    tell_part(r, "unmapped pfns", start, count);
    if (count > UNMAPPED_PFNS_MAX) {
        cls_input_fail(r->in, err, start, "count %" PRIu32 " of unmapped pfns is above %u", count,
                       UNMAPPED_PFNS_MAX);
        return STEP_FAILED;
    }
    /* v2 cannot take a page back, so Xen's converter drops the list, too. */
    if (count > 0)
        cls_info(r->log, "list of %" PRIu32 " unmapped pfns dropped", count);
    if (!cls_input_skip(r->in, (uint64_t)count * r->options.width, "unmapped pfns", err))
        return STEP_FAILED;
    go_to_vcpu(r, 0);
    return STEP_AGAIN;
}

static void give_vcpu(struct legacy_reader *r, struct image_item *item, enum image_item_kind kind,
                      uint64_t len)
{
    item->kind = kind;
    item->vcpu = (struct image_vcpu){.id = r->vcpu, .data = {.len = len, .bytes = r->vcpu_bytes}};
}

enum step read_vcpu_basic(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    size_t size = r->guest_width == 8 ? VCPU_CONTEXT_SIZE_X86_64 : VCPU_CONTEXT_SIZE_X86_32;

    cls_input_at(r->in, "vcpu", r->vcpu, "context");
    tell_part(r, "vcpu", r->in->offset, 0);
    if (!cls_input_read(r->in, r->vcpu_bytes, size, "a vcpu context", err))
        return STEP_FAILED;
    cls_info(r->log, "vcpu %" PRIu32, r->vcpu);
    /* Savers without VCPU_INFO saved no such flag, and the restore code put it there. */
    if (!r->body.vcpu_info_seen)
        r->vcpu_bytes[VCPU_CONTEXT_FLAGS] |= VGCF_ONLINE;
    give_vcpu(r, item, IMAGE_VCPU_BASIC, size);
    r->phase = PHASE_VCPU_EXTENDED;
    return STEP_ITEM;
}

enum step read_vcpu_extended(struct legacy_reader *r, struct image_item *item,
                             struct cls_error *err)
{
    r->phase = PHASE_VCPU_XSAVE;
    if (!r->has_extended)
        return STEP_AGAIN;
    cls_input_at(r->in, "vcpu", r->vcpu, "extended context");
    if (!cls_input_read(r->in, r->vcpu_bytes, VCPU_EXTENDED_SIZE, "an extended vcpu context", err))
        return STEP_FAILED;
    give_vcpu(r, item, IMAGE_VCPU_EXTENDED, VCPU_EXTENDED_SIZE);
    return STEP_ITEM;
}

/*
 * Its own size counts, not the one that "xcnt" announced: savers since 4.2.4 and 4.3.1 wrote each
 * vcpu's own.
 */
enum step read_vcpu_xsave(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    uint64_t mask, size, start = r->in->offset;

    if (r->xcnt == 0) {
        go_to_vcpu(r, r->vcpu + 1);
        return STEP_AGAIN;
    }
    cls_input_at(r->in, "vcpu", r->vcpu, "xsave");
    if (!cls_input_u64(r->in, &mask, "xsave feature mask", err) ||
        !cls_input_u64(r->in, &size, "xsave size", err))
        return STEP_FAILED;
    if (size < XSAVE_SIZE_MIN || size > XSAVE_SIZE_MAX) {
        cls_input_fail(r->in, err, start + 8, "size %" PRIu64 " is not in %d..%d", size,
                       XSAVE_SIZE_MIN, XSAVE_SIZE_MAX);
        return STEP_FAILED;
    }
    if (!cls_input_read(r->in, r->vcpu_bytes, (size_t)size, "xsave data", err))
        return STEP_FAILED;
    give_vcpu(r, item, IMAGE_VCPU_XSAVE, size);
    go_to_vcpu(r, r->vcpu + 1);
    return STEP_ITEM;
}

enum step read_shared_info(struct legacy_reader *r, struct image_item *item)
{
    cls_input_at(r->in, "shared info", -1, NULL);
    tell_part(r, "shared info", r->in->offset, 0);
    item->kind = IMAGE_SHARED_INFO;
    refer_to_input(r, &item->data, CLS_PAGE_SIZE);
    r->phase = PHASE_LIBXC_END;
    return STEP_ITEM;
}
