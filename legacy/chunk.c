/*
 * One chunk: pagebuf_get_one() in tools/libxc/xc_domain_restore.c of Xen 4.5.
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "base/hvm_params.h"
#include "stream.h"

#define NAME(chunk) .id = XC_SAVE_ID_##chunk, .name = "XC_SAVE_ID_" #chunk
/* The value follows 4 bytes of padding. */
#define PARAM(chunk, param)                                                                        \
    NAME(HVM_##chunk), .size = 12, .what = "a HVM parameter", .hvm_param = HVM_PARAM_##param

/* Entry n describes id -n. */
static const struct chunk_type chunk_types[] = {
    {NAME(END)},
    {NAME(ENABLE_VERIFY_MODE)},
    {NAME(VCPU_INFO), .size = 4, .what = "max_vcpu_id"},
    {PARAM(IDENT_PT, IDENT_PT)},
    {PARAM(VM86_TSS, VM86_TSS)},
    {NAME(TMEM)},
    {NAME(TMEM_EXTRA)},
    {NAME(TSC_INFO), .size = 20, .what = "TSC info"},
    {PARAM(CONSOLE_PFN, CONSOLE_PFN)},
    {NAME(LAST_CHECKPOINT)},
    {PARAM(ACPI_IOPORTS_LOCATION, ACPI_IOPORTS_LOCATION)},
    {PARAM(VIRIDIAN, VIRIDIAN)},
    {NAME(COMPRESSED_DATA)},
    {NAME(ENABLE_COMPRESSION)},
    {PARAM(GENERATION_ID_ADDR, VM_GENERATION_ID_ADDR)},
    {PARAM(PAGING_RING_PFN, PAGING_RING_PFN)},
    {PARAM(ACCESS_RING_PFN, MONITOR_RING_PFN)},
    {PARAM(SHARING_RING_PFN, SHARING_RING_PFN)},
    {NAME(TOOLSTACK), .size = 4, .what = "toolstack length"},
    {PARAM(IOREQ_SERVER_PFN, IOREQ_SERVER_PFN)},
    {PARAM(NR_IOREQ_SERVER_PAGES, NR_IOREQ_SERVER_PAGES)},
    {PARAM(X87_FIP_WIDTH, X87_FIP_WIDTH)},
};

const struct chunk_type *chunk_type_find(int32_t id)
{
    int32_t last = (int32_t)(sizeof(chunk_types) / sizeof(chunk_types[0])) - 1;

    return id <= 0 && id >= -last ? &chunk_types[-id] : NULL;
}

bool stream_is_compressed(const struct legacy_stream *s)
{
    return s->compression && s->bodies > 0;
}

bool chunk_ends_body(const struct chunk *chunk)
{
    return chunk->type && chunk->type->id == XC_SAVE_ID_END;
}

static bool read_batch(struct legacy_stream *s, struct chunk *c, struct cls_error *err)
{
    cls_input_at(s->in, "page batch", (int64_t)s->batches + 1, NULL);
    if (!cls_input_read(s->in, c->raw, (size_t)c->entries * s->width, "pfn entries", err))
        return false;
    for (uint32_t i = 0; i < c->entries; i++)
        c->pages += page_type_has_data(stream_get_ulong(s, c->raw, i) >> 28 & 0xf);
    if (!stream_is_compressed(s))
        c->bulk = (uint64_t)c->pages * CLS_PAGE_SIZE;
    s->batches++;
    return true;
}

static bool read_vcpu_map(struct legacy_stream *s, struct chunk *c, struct cls_error *err)
{
    s->vcpu_info_seen = true;
    s->max_vcpu_id = get_le32(c->raw);
    if (s->max_vcpu_id >= XC_SR_MAX_VCPUS)
        return cls_input_fail(s->in, err, c->start + 4,
                              "max_vcpu_id %" PRId32 " is out of range (0 to %d)",
                              (int32_t)s->max_vcpu_id, XC_SR_MAX_VCPUS - 1);
    if (!cls_input_read(s->in, c->raw, (size_t)(s->max_vcpu_id / 64 + 1) * 8, "the vcpu map", err))
        return false;
    for (uint32_t i = 0; i <= s->max_vcpu_id / 64; i++)
        s->vcpu_map[i] = get_le64(c->raw + (size_t)8 * i);
    return true;
}

/* Pages of a body behind the first, without their entries (compressed.c). */
static bool read_compressed_data(const struct legacy_stream *s, struct chunk *c,
                                 struct cls_error *err)
{
    if (!cls_input_read(s->in, c->raw, s->width, "size of compressed data", err))
        return false;
    c->bulk = stream_get_ulong(s, c->raw, 0);
    if (!stream_is_compressed(s))
        return cls_input_fail(s->in, err, c->start,
                              "compressed data without an ENABLE_COMPRESSION chunk before it");
    return c->bulk <= INT32_MAX || cls_input_fail(s->in, err, c->start,
                                                  "compressed data of 0x%" PRIx64
                                                  " bytes is too long (maximum: 0x7fffffff)",
                                                  c->bulk);
}

static bool read_other(struct legacy_stream *s, struct chunk *c, struct cls_error *err)
{
    cls_input_at(s->in, c->type->name, -1, NULL);
    if (!cls_input_read(s->in, c->raw, c->type->size, c->type->what, err))
        return false;
    switch (c->type->id) {
    case XC_SAVE_ID_END:
        s->bodies++;
        s->verify = false;
        return true;
    case XC_SAVE_ID_ENABLE_VERIFY_MODE:
        s->verify = true;
        return true;
    case XC_SAVE_ID_LAST_CHECKPOINT:
        s->last_checkpoint = true;
        return true;
    case XC_SAVE_ID_ENABLE_COMPRESSION:
        /* Has an effect in the first body only, on the bodies behind it. */
        s->compression |= s->bodies == 0;
        return true;
    case XC_SAVE_ID_VCPU_INFO:
        return read_vcpu_map(s, c, err);
    case XC_SAVE_ID_TOOLSTACK:
        c->bulk = get_le32(c->raw);
        return true;
    case XC_SAVE_ID_TMEM:
        return stream_read_tmem(s, &c->tmem, err);
    case XC_SAVE_ID_TMEM_EXTRA:
        return stream_read_tmem_extra(s, err);
    case XC_SAVE_ID_COMPRESSED_DATA:
        return read_compressed_data(s, c, err);
    default:
        return true;
    }
}

bool chunk_read(struct legacy_stream *s, struct chunk *c, struct cls_error *err)
{
    uint32_t id;

    c->start = s->in->offset;
    c->type = NULL;
    c->entries = c->pages = 0;
    c->bulk = 0;
    cls_input_at(s->in, "body", -1, NULL);
    if (!cls_input_u32(s->in, &id, "chunk id", err))
        return false;
    if (id >= 1 && id <= CLS_BATCH_MAX) {
        c->entries = id;
        return read_batch(s, c, err);
    }
    c->type = chunk_type_find((int32_t)id);
    if (!c->type)
        return cls_input_fail(s->in, err, c->start,
                              "%" PRId32
                              " is neither a chunk id (%d to 0) nor a page count (1 to %d)",
                              (int32_t)id, XC_SAVE_ID_LOWEST, CLS_BATCH_MAX);
    return read_other(s, c, err);
}
