/*
 * The items of a HVM stream's tail, with what its body had for them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/hvm_params.h"
#include "reader_internal.h"

/*
 * The restore code set no parameter whose value is 0, and no saver wrote one. Restore code of v2
 * would set it: for a console pfn of 0 it clears the guest's page 0.
 */
static void drop_zero_params(struct legacy_reader *r)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < r->params_count; i++)
        if (r->params[i].value != 0)
            r->params[kept++] = r->params[i];
    if (kept < r->params_count)
        cls_info(r->log, "HVM parameters of value 0 dropped: %" PRIu32, r->params_count - kept);
    r->params_count = kept;
}

enum step give_chunk_params(struct legacy_reader *r, struct image_item *item)
{
    r->phase = PHASE_MAGIC_PFNS;
    drop_zero_params(r);
    if (r->params_count == 0)
        return STEP_AGAIN;
    item->kind = IMAGE_HVM_PARAMS;
    item->hvm_params = (struct image_hvm_params){.count = r->params_count, .params = r->params};
    return STEP_ITEM;
}

enum step read_magic_pfns(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    static const uint64_t indices[MAGIC_PFNS] = {HVM_PARAM_IOREQ_PFN, HVM_PARAM_BUFIOREQ_PFN,
                                                 HVM_PARAM_STORE_PFN};
    uint8_t b[MAGIC_PFNS * 8];

    cls_input_at(r->in, "magic pfns", -1, NULL);
    trace_part(r, "magic pfns", r->in->offset, 0);
    if (!cls_input_read(r->in, b, sizeof(b), "the magic pfns", err))
        return STEP_FAILED;
    for (size_t i = 0; i < MAGIC_PFNS; i++)
        r->params[i] = (struct image_hvm_param){.index = indices[i], .value = get_le64(b + 8 * i)};
    item->kind = IMAGE_HVM_PARAMS;
    item->hvm_params = (struct image_hvm_params){.count = MAGIC_PFNS, .params = r->params};
    r->phase = PHASE_HVM_CONTEXT;
    return STEP_ITEM;
}

enum step read_hvm_context(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    uint64_t start = r->in->offset;
    uint32_t len;

    trace_part(r, "HVM context", start, 0);
    if (!stream_read_context_length(r->in, &len, err))
        return STEP_FAILED;
    cls_info(r->log, "HVM context of %" PRIu32 " bytes", len);
    item->kind = IMAGE_HVM_CONTEXT;
    refer_to_input(r, &item->data, len);
    r->phase = PHASE_LIBXC_END;
    return STEP_ITEM;
}

enum step give_physmap(struct legacy_reader *r, struct image_item *item)
{
    r->phase = r->options.skip_qemu ? PHASE_END : PHASE_QEMU;
    /* XAPI's QEMU has no use for them. */
    if (r->physmap_dropped > 0 && !r->options.embedded && !r->options.skip_qemu)
        cls_warn(r->log,
                 "physmap entries of QEMU dropped: %" PRIu32 " (libxc format has no place for "
                 "them; --format libxl keeps them)",
                 r->physmap_dropped);
    if (r->toolstack.count == 0)
        return STEP_AGAIN;
    item->kind = IMAGE_PHYSMAP;
    item->physmap = (struct image_physmap){
        .count = r->toolstack.count, .next = toolstack_next, .ctx = &r->toolstack};
    return STEP_ITEM;
}

/* A record without length: held in memory, since v2 wants the length first. */
static bool read_to_eof(struct legacy_reader *r, struct image_data *data, struct cls_error *err)
{
    uint64_t start = r->in->offset;
    size_t len = 0, got = 1;

    while (got > 0) {
        uint8_t *bytes = realloc(r->qemu_bytes, len + CLS_BULK_SIZE);

        if (!bytes)
            return cls_fail_errno(err, ENOMEM, "cannot hold the qemu record");
        r->qemu_bytes = bytes;
        if (!cls_input_read_some(r->in, bytes + len, CLS_BULK_SIZE, &got, err))
            return false;
        len += got;
        if (len > QEMU_TO_EOF_MAX)
            return cls_input_fail(r->in, err, start,
                                  "record without length goes on for more "
                                  "than %zu bytes",
                                  QEMU_TO_EOF_MAX);
    }
    *data = (struct image_data){.len = len, .bytes = r->qemu_bytes};
    return true;
}

enum step read_qemu(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    struct image_emulator *emulator = &item->emulator;
    struct qemu_head *head = &r->qemu;

    trace_part(r, "qemu record", r->in->offset, 0);
    if (!stream_read_qemu_head(&r->stream, r->in, head, err))
        return STEP_FAILED;
    emulator->lead = head->lead;
    emulator->lead_len = head->lead_len;
    if (!head->to_eof)
        refer_to_input(r, &emulator->data, head->len);
    else if (!read_to_eof(r, &emulator->data, err))
        return STEP_FAILED;
    cls_info(r->log, "qemu record %.*s: %" PRIu64 " bytes", QEMU_SIGNATURE_SIZE,
             (const char *)head->lead, emulator->data.len);
    item->kind = IMAGE_EMULATOR;
    r->phase = PHASE_END;
    return STEP_ITEM;
}
