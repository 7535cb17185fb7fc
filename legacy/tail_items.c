/*
 * The items of a tail, and the HVM parameters and physmap entries of the bodies before it.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/bytes.h"
#include "base/hvm_params.h"
#include "reader_internal.h"

static bool has_seen(const struct legacy_reader *r, enum page_type type)
{
    return r->types_seen & (1u << type | 1u << (type | PFINFO_LPINTAB));
}

/* Rejects guests that no Xen with v2 streams can run. Only the whole body shows them. */
static bool check_guest(struct legacy_reader *r, struct cls_error *err)
{
    const struct legacy_stream *s = &r->stream;

    if (r->types_seen == 0)
        return cls_input_fail(s->in, err, r->tail.start, "stream has no guest pages");
    /* Hypervisors with 64-bit toolstacks could not run such guests. */
    if (s->width == 4 && s->guest_width == 4 && has_seen(r, PFINFO_L2TAB) &&
        !has_seen(r, PFINFO_L3TAB))
        return cls_input_fail(s->in, err, r->tail.start,
                              "guest uses 2-level page tables (32-bit without PAE), which Xen 4.3 "
                              "and later cannot run");
    return true;
}

/* Listed pfns that were sent are pages that the guest gave back to Xen afterwards. */
static bool read_unmapped_pfns(struct legacy_reader *r, struct cls_error *err)
{
    const struct legacy_stream *s = &r->stream;
    uint64_t start = s->in->offset, done, pfn;

    while ((done = s->in->offset - start) < r->tail.bulk) {
        uint64_t left = r->tail.bulk - done;
        size_t n = left < sizeof(r->chunk.raw) ? (size_t)left : sizeof(r->chunk.raw), got;

        if (!cls_input_read_some(s->in, r->chunk.raw, n, &got, err))
            return false;
        if (got < n)
            return cls_input_truncated(s->in, err, start, r->tail.bulk, done + got,
                                       "unmapped pfns");
        for (size_t i = 0; i < n / s->width; i++) {
            pfn = stream_get_ulong(s, r->chunk.raw, i);
            if (pfn_set_has(&r->sent, pfn) && !pfn_set_add(&r->given_back, pfn))
                return cls_fail_errno(err, ENOMEM, "cannot allocate the set of released pages");
        }
    }
    if (r->tail.count > 0)
        cls_info(r->log, "unmapped pfns: %" PRIu32 ", of which sent before: %" PRIu64,
                 r->tail.count, r->given_back.count);
    return true;
}

static bool give_vcpu(struct legacy_reader *r, struct image_item *item, enum image_item_kind kind,
                      const char *what, struct cls_error *err)
{
    if (!cls_input_read(r->stream.in, r->vcpu_bytes, (size_t)r->tail.bulk, what, err))
        return false;
    /* Savers without VCPU_INFO saved no such flag; the restore code set it. */
    if (kind == IMAGE_VCPU_BASIC && !r->stream.vcpu_info_seen)
        r->vcpu_bytes[VCPU_CONTEXT_FLAGS] |= VGCF_ONLINE;
    item->kind = kind;
    item->vcpu = (struct image_vcpu){.id = r->tail.vcpu,
                                     .data = {.len = r->tail.bulk, .bytes = r->vcpu_bytes}};
    return true;
}

static bool give_data(struct legacy_reader *r, struct image_item *item, enum image_item_kind kind)
{
    item->kind = kind;
    refer_to_input(r, &item->data, r->tail.bulk);
    r->phase = PHASE_LIBXC_END;
    return true;
}

static bool give_magic_pfns(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    static const uint64_t indices[MAGIC_PFNS] = {HVM_PARAM_IOREQ_PFN, HVM_PARAM_BUFIOREQ_PFN,
                                                 HVM_PARAM_STORE_PFN};
    uint8_t b[MAGIC_PFNS * 8];

    if (!cls_input_read(r->stream.in, b, sizeof(b), "the magic pfns", err))
        return false;
    for (size_t i = 0; i < MAGIC_PFNS; i++)
        r->params[i] = (struct image_hvm_param){.index = indices[i], .value = get_le64(b + 8 * i)};
    item->kind = IMAGE_HVM_PARAMS;
    item->hvm_params = (struct image_hvm_params){.count = MAGIC_PFNS, .params = r->params};
    return true;
}

static bool give_qemu(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    struct image_emulator *emulator = &item->emulator;

    emulator->lead = r->tail.lead;
    emulator->lead_len = r->tail.lead_len;
    if (r->tail.to_eof && !tail_read_to_eof(&r->stream, &r->qemu, err))
        return false;
    if (r->tail.to_eof)
        emulator->data = (struct image_data){.len = r->qemu.len, .bytes = r->qemu.bytes};
    else
        refer_to_input(r, &emulator->data, r->tail.bulk);
    cls_info(r->log, "qemu record %.*s: %" PRIu64 " bytes", QEMU_SIGNATURE_SIZE,
             (const char *)r->tail.lead, emulator->data.len);
    item->kind = IMAGE_EMULATOR;
    r->phase = PHASE_END;
    return true;
}

bool read_tail(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    struct tail_part *part = &r->tail;

    if (!tail_read(&r->stream, part, err))
        return false;
    if (part->kind != TAIL_NONE && part->kind != TAIL_VCPU_EXTENDED &&
        part->kind != TAIL_VCPU_XSAVE)
        trace_part(r, r->stream.in->place, part->start, part->count);
    switch (part->kind) {
    case TAIL_UNMAPPED_PFNS:
        return check_guest(r, err) && read_unmapped_pfns(r, err);
    case TAIL_VCPU_BASIC:
        cls_info(r->log, "vcpu %" PRIu32, part->vcpu);
        return give_vcpu(r, item, IMAGE_VCPU_BASIC, "a vcpu context", err);
    case TAIL_VCPU_EXTENDED:
        return give_vcpu(r, item, IMAGE_VCPU_EXTENDED, "an extended vcpu context", err);
    case TAIL_VCPU_XSAVE:
        return give_vcpu(r, item, IMAGE_VCPU_XSAVE, "xsave data", err);
    case TAIL_SHARED_INFO:
        return give_data(r, item, IMAGE_SHARED_INFO);
    case TAIL_MAGIC_PFNS:
        return give_magic_pfns(r, item, err);
    case TAIL_HVM_CONTEXT:
        cls_info(r->log, "HVM context of %" PRIu64 " bytes", part->bulk);
        return give_data(r, item, IMAGE_HVM_CONTEXT);
    case TAIL_QEMU:
        return give_qemu(r, item, err);
    case TAIL_NONE:
        r->phase = PHASE_END;
    }
    return true;
}

static bool has_param(const struct legacy_reader *r, uint64_t index)
{
    for (uint32_t i = 0; i < r->params_count; i++)
        if (r->params[i].index == index)
            return r->params[i].value != 0;
    return false;
}

/*
 * The restore code ignored values of 0, an ACPI location other than 1, and half a description of
 * the IOREQ server; no saver wrote them. Restore code of v2 would set them: for a console pfn of 0
 * it clears the guest's page 0, and it fails on an ACPI location above 1.
 */
static bool is_ignored(const struct legacy_reader *r, const struct image_hvm_param *param)
{
    if (param->value == 0)
        return true;
    switch (param->index) {
    case HVM_PARAM_ACPI_IOPORTS_LOCATION:
        return param->value != 1;
    case HVM_PARAM_IOREQ_SERVER_PFN:
        return !has_param(r, HVM_PARAM_NR_IOREQ_SERVER_PAGES);
    case HVM_PARAM_NR_IOREQ_SERVER_PAGES:
        return !has_param(r, HVM_PARAM_IOREQ_SERVER_PFN);
    default:
        return false;
    }
}

static void drop_ignored_params(struct legacy_reader *r)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < r->params_count; i++)
        if (!is_ignored(r, &r->params[i]))
            r->params[kept++] = r->params[i];
    if (kept < r->params_count)
        cls_info(r->log, "HVM parameters that Xen 4.5 ignores dropped: %" PRIu32,
                 r->params_count - kept);
    r->params_count = kept;
}

bool give_chunk_params(struct legacy_reader *r, struct image_item *item)
{
    r->phase = PHASE_TAIL;
    drop_ignored_params(r);
    if (r->params_count == 0)
        return true;
    item->kind = IMAGE_HVM_PARAMS;
    item->hvm_params = (struct image_hvm_params){.count = r->params_count, .params = r->params};
    return true;
}

bool give_physmap(struct legacy_reader *r, struct image_item *item)
{
    r->phase = r->options.skip_qemu ? PHASE_END : PHASE_TAIL;
    /* XAPI's QEMU does not need them. */
    if (r->physmap_dropped > 0 && !r->options.embedded && !r->options.skip_qemu)
        cls_warn(r->log,
                 "QEMU physmap entries dropped: %" PRIu32
                 " (libxc format cannot hold them; --format libxl keeps them)",
                 r->physmap_dropped);
    if (r->toolstack.count == 0)
        return true;
    item->kind = IMAGE_PHYSMAP;
    item->physmap = (struct image_physmap){
        .count = r->toolstack.count, .next = toolstack_next, .ctx = &r->toolstack};
    return true;
}
