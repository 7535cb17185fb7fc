/*
 * What the verifiers of both streams have in common: reading records, and showing them to the
 * observer.
 */
#include <inttypes.h>

#include "verify_internal.h"

bool read_record_header(struct verifier *v, const char *layer, const char *(*names)(uint32_t type),
                        struct cls_error *err)
{
    v->start = v->in->offset;
    cls_input_at(v->in, "record", (int64_t)++v->record_nr, NULL);
    if (!cls_input_u32(v->in, &v->type, "record type", err) ||
        !cls_input_u32(v->in, &v->length, "record length", err))
        return false;
    v->name = names(v->type);
    cls_input_at(v->in, "record", (int64_t)v->record_nr, v->name ? v->name : "of unknown type");
    show_part(v, layer, v->name ? v->name : "unknown", v->start);
    return true;
}

bool read_body(struct verifier *v, size_t n, struct cls_error *err)
{
    return cls_input_read(v->in, v->buf, n, "the record", err);
}

bool check_padding(struct verifier *v, struct cls_error *err)
{
    uint8_t padding[REC_ALIGN];
    size_t n = (REC_ALIGN - v->length % REC_ALIGN) % REC_ALIGN;

    if (!cls_input_read(v->in, padding, n, "padding", err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (padding[i] != 0)
            return bad_record(v, err, "padding is not zero");
    return true;
}

bool need_length(struct verifier *v, uint32_t min, uint32_t max, struct cls_error *err)
{
    if (min == max && v->length != min)
        return bad_record(v, err, "length %" PRIu32 ", expected %" PRIu32, v->length, min);
    return v->length >= min ||
           bad_record(v, err, "length %" PRIu32 " is below the minimum %" PRIu32, v->length, min);
}

bool need_zero(struct verifier *v, const uint8_t *bytes, size_t n, struct cls_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return bad_record(v, err, "reserved field is not zero");
    return true;
}

void show_part(const struct verifier *v, const char *layer, const char *name, uint64_t offset)
{
    stream_trace_part(&v->observer->parts, layer, name, offset, 0);
}

bool show_item(const struct verifier *v, const struct image_item *item, struct cls_error *err)
{
    return !v->observer->item || v->observer->item(v->observer->ctx, item, err);
}

bool show_data(struct verifier *v, struct image_item *item, struct image_data *data, uint64_t len,
               const char *what, struct cls_error *err)
{
    uint64_t end = v->in->offset + len;

    *data = (struct image_data){.len = len, .from = v->in};
    return show_item(v, item, err) && cls_input_skip(v->in, end - v->in->offset, what, err);
}
