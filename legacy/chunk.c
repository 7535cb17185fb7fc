/*
 * One chunk: pagebuf_get_one() in tools/libxc/xc_domain_restore.c of Xen 4.5.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "stream.h"

#define TSC_INFO_SIZE  20
#define HVM_PARAM_SIZE 12 /* 4 bytes of padding, then the value */

bool stream_is_compressed(const struct legacy_stream *s)
{
    return s->compression && s->bodies > 0;
}

bool chunk_ends_body(const struct chunk *chunk)
{
    return chunk->type && chunk->type->id == XC_SAVE_ID_END;
}

static bool read_batch(const struct legacy_stream *s, struct cls_input *in, struct chunk *c,
                       struct cls_error *err)
{
    cls_input_at(in, "page batch", (int64_t)s->batches + 1, NULL);
    if (!cls_input_read(in, c->raw, (size_t)c->entries * s->width, "pfn entries", err))
        return false;
    for (uint32_t i = 0; i < c->entries; i++)
        c->pages += page_type_has_data(stream_get_ulong(s, c->raw, i) >> 28 & 0xf);
    if (!stream_is_compressed(s))
        c->bulk = (uint64_t)c->pages * CLS_PAGE_SIZE;
    return true;
}

static bool read_vcpu_info(struct cls_input *in, struct chunk *c, struct cls_error *err)
{
    uint64_t start = in->offset;

    if (!cls_input_u32(in, &c->max_vcpu_id, "max_vcpu_id", err))
        return false;
    if (c->max_vcpu_id >= XC_SR_MAX_VCPUS)
        return cls_input_fail(in, err, start, "max_vcpu_id %" PRId32 " is out of range (0 to %d)",
                              (int32_t)c->max_vcpu_id, XC_SR_MAX_VCPUS - 1);
    return cls_input_read(in, c->raw, (size_t)(c->max_vcpu_id / 64 + 1) * 8, "the vcpu map", err);
}

/* The pages of a body behind the first, apart from their entries (see compressed.h). */
static bool read_compressed_data(const struct legacy_stream *s, struct cls_input *in,
                                 struct chunk *c, struct cls_error *err)
{
    if (!cls_input_read(in, c->raw, s->width, "size of compressed data", err))
        return false;
    c->bulk = stream_get_ulong(s, c->raw, 0);
    if (!stream_is_compressed(s))
        return cls_input_fail(in, err, c->start,
                              "compressed data without an ENABLE_COMPRESSION chunk before it");
    return c->bulk <= INT32_MAX || cls_input_fail(in, err, c->start,
                                                  "compressed data of 0x%" PRIx64
                                                  " bytes is too long (maximum: 0x7fffffff)",
                                                  c->bulk);
}

static bool read_toolstack_length(struct cls_input *in, struct chunk *c, struct cls_error *err)
{
    uint32_t len;

    if (!cls_input_u32(in, &len, "toolstack length", err))
        return false;
    c->bulk = len;
    return true;
}

static bool read_hvm_param(struct cls_input *in, struct chunk *c, struct cls_error *err)
{
    if (!cls_input_read(in, c->raw, HVM_PARAM_SIZE, "a HVM parameter", err))
        return false;
    c->value = get_le64(c->raw + 4);
    return true;
}

static bool read_other(const struct legacy_stream *s, struct cls_input *in, struct chunk *c,
                       struct cls_error *err)
{
    cls_input_at(in, c->type->name, -1, NULL);
    switch (c->type->id) {
    case XC_SAVE_ID_END:
    case XC_SAVE_ID_ENABLE_VERIFY_MODE:
    case XC_SAVE_ID_LAST_CHECKPOINT:
    case XC_SAVE_ID_ENABLE_COMPRESSION:
        return true;
    case XC_SAVE_ID_VCPU_INFO:
        return read_vcpu_info(in, c, err);
    case XC_SAVE_ID_TSC_INFO:
        return cls_input_read(in, c->raw, TSC_INFO_SIZE, "TSC info", err);
    case XC_SAVE_ID_TOOLSTACK:
        return read_toolstack_length(in, c, err);
    case XC_SAVE_ID_TMEM:
        return stream_read_tmem(in, &c->tmem, err);
    case XC_SAVE_ID_TMEM_EXTRA:
        return stream_read_tmem_extra(s, in, err);
    case XC_SAVE_ID_COMPRESSED_DATA:
        return read_compressed_data(s, in, c, err);
    default:
        return read_hvm_param(in, c, err);
    }
}

bool chunk_read(const struct legacy_stream *s, struct cls_input *in, struct chunk *c,
                struct cls_error *err)
{
    uint32_t id;

    c->start = in->offset;
    c->type = NULL;
    c->entries = c->pages = 0;
    c->bulk = 0;
    cls_input_at(in, "body", -1, NULL);
    if (!cls_input_u32(in, &id, "chunk id", err))
        return false;
    if (id >= 1 && id <= CLS_BATCH_MAX) {
        c->entries = id;
        return read_batch(s, in, c, err);
    }
    c->type = chunk_type_find((int32_t)id);
    if (!c->type)
        return cls_input_fail(in, err, c->start,
                              "%" PRId32
                              " is neither a chunk id (-21 to 0) nor a page count (1 to %d)",
                              (int32_t)id, CLS_BATCH_MAX);
    return read_other(s, in, c, err);
}

static void note_vcpu_info(struct legacy_stream *s, const struct chunk *c)
{
    s->vcpu_info_seen = true;
    s->max_vcpu_id = c->max_vcpu_id;
    for (uint32_t i = 0; i <= c->max_vcpu_id / 64; i++)
        s->vcpu_map[i] = get_le64(c->raw + (size_t)8 * i);
}

void chunk_note(struct legacy_stream *s, const struct chunk *c)
{
    if (!c->type) {
        s->batches++;
        return;
    }
    switch (c->type->id) {
    case XC_SAVE_ID_END:
        s->bodies++;
        s->verify = false;
        break;
    case XC_SAVE_ID_ENABLE_VERIFY_MODE:
        s->verify = true;
        break;
    case XC_SAVE_ID_LAST_CHECKPOINT:
        s->last_checkpoint = true;
        break;
    case XC_SAVE_ID_ENABLE_COMPRESSION:
        /* Only the first body can say so, of those behind it. */
        s->compression |= s->bodies == 0;
        break;
    case XC_SAVE_ID_VCPU_INFO:
        note_vcpu_info(s, c);
        break;
    case XC_SAVE_ID_TMEM:
        s->tmem_oid_size = c->tmem.oid_size;
        break;
    default:
        break;
    }
}
