/*
 * What the verifiers of both streams have in common: records, and who wants to see them.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "verify_internal.h"

bool bad_record(struct verifier *v, struct cls_error *err, const char *fmt, ...)
{
    char reason[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(reason, sizeof(reason), fmt, args);
    va_end(args);
    return cls_input_fail(v->in, err, v->start, "%s", reason);
}

bool read_record_header(struct verifier *v, const char *(*name)(uint32_t type),
                        struct cls_error *err)
{
    const char *known;

    v->start = v->in->offset;
    cls_input_at(v->in, "record", (int64_t)++v->record_nr, NULL);
    if (!cls_input_u32(v->in, &v->type, "record type", err) ||
        !cls_input_u32(v->in, &v->length, "record length", err))
        return false;
    known = name(v->type);
    cls_input_at(v->in, "record", (int64_t)v->record_nr, known ? known : "of unknown type");
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
            return bad_record(v, err, "the padding is not zero");
    return true;
}

bool need_length(struct verifier *v, uint32_t length, struct cls_error *err)
{
    return v->length == length ||
           bad_record(v, err, "length %" PRIu32 " instead of %" PRIu32, v->length, length);
}

bool need_min_length(struct verifier *v, uint32_t length, struct cls_error *err)
{
    return v->length >= length ||
           bad_record(v, err, "length %" PRIu32 ", at least %" PRIu32 " are needed", v->length,
                      length);
}

bool need_zero(struct verifier *v, const uint8_t *bytes, size_t n, struct cls_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return bad_record(v, err, "a reserved field is not zero");
    return true;
}

void show_part(const struct verifier *v, const char *layer, const char *name, uint64_t offset)
{
    if (v->observer)
        stream_trace_part(&v->observer->parts, layer, name, offset, 0);
}

bool show_item(const struct verifier *v, const struct image_item *item, struct cls_error *err)
{
    return !v->observer || v->observer->item(v->observer->ctx, item, err);
}

bool show_data(struct verifier *v, struct image_item *item, struct image_data *data, uint64_t len,
               const char *what, struct cls_error *err)
{
    uint64_t end = v->in->offset + len;

    *data = (struct image_data){.len = len, .from = v->in};
    return show_item(v, item, err) && cls_input_skip(v->in, end - v->in->offset, what, err);
}

void tell_squashed(struct verifier *v)
{
    if (v->squashed > 0)
        cls_info(v->log, "PAGE_DATA: %" PRIu64 " records, %" PRIu64 " pages", v->squashed,
                 v->squashed_pages);
    v->squashed = v->squashed_pages = 0;
}
