/*
 * Pieces of a stream against what they should be.
 */
#include "compare_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "v2/format.h"

bool differs(const struct v2_comparison *c, struct cls_error *err, uint64_t offset, const char *fmt,
             ...)
{
    char reason[160];
    va_list args;

    va_start(args, fmt);
    vsnprintf(reason, sizeof(reason), fmt, args);
    va_end(args);
    return cls_fail(err, CLS_SYSTEM, "%s: byte 0x%" PRIx64 ": record %" PRIu64 ": %s", c->in->name,
                    offset, c->record_nr, reason);
}

bool take(struct v2_comparison *c, void *buf, size_t n, struct cls_error *err)
{
    uint64_t start = c->in->offset;
    size_t got;

    if (!cls_input_read_some(c->in, buf, n, &got, err))
        return false;
    return got == n || differs(c, err, start + got, "the stream ends here");
}

bool same_bytes(struct v2_comparison *c, const void *wanted, size_t n, const char *what,
                struct cls_error *err)
{
    uint64_t start = c->in->offset;
    uint8_t found[SAME_BYTES_MAX];

    if (!take(c, found, n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (found[i] != ((const uint8_t *)wanted)[i])
            return differs(c, err, start + i, "%s: byte 0x%02x instead of 0x%02x", what, found[i],
                           ((const uint8_t *)wanted)[i]);
    return true;
}

bool same_u32(struct v2_comparison *c, uint32_t wanted, const char *what, struct cls_error *err)
{
    uint8_t b[4];

    put_le32(b, wanted);
    return same_bytes(c, b, sizeof(b), what, err);
}

bool same_u64(struct v2_comparison *c, uint64_t wanted, const char *what, struct cls_error *err)
{
    uint8_t b[8];

    put_le64(b, wanted);
    return same_bytes(c, b, sizeof(b), what, err);
}

bool same_record(struct v2_comparison *c, uint32_t type, uint64_t length, struct cls_error *err)
{
    uint64_t start = c->in->offset;
    uint8_t b[REC_HDR_SIZE];

    c->record_nr++;
    if (!take(c, b, sizeof(b), err))
        return false;
    return (get_le32(b) == type && get_le32(b + 4) == length) ||
           differs(c, err, start,
                   "type 0x%" PRIx32 ", length %" PRIu32 " instead of type 0x%" PRIx32
                   ", length %" PRIu64,
                   get_le32(b), get_le32(b + 4), type, length);
}

bool same_padding(struct v2_comparison *c, uint64_t length, struct cls_error *err)
{
    static const uint8_t zeros[REC_ALIGN];

    return same_bytes(c, zeros, (REC_ALIGN - length % REC_ALIGN) % REC_ALIGN, "padding", err);
}

/* The next n bytes of the item's data: in place, or read into its input's buffer. */
static const uint8_t *item_bytes(const struct image_data *data, uint64_t done, size_t n,
                                 struct cls_error *err)
{
    uint8_t *buf;

    if (data->bytes)
        return data->bytes + done;
    buf = cls_input_bulk(data->from, err);
    return buf && cls_input_read(data->from, buf, n, "data", err) ? buf : NULL;
}

bool compare_data(struct v2_comparison *c, const struct image_data *data, uint64_t *same,
                  struct cls_error *err)
{
    uint8_t *found = cls_input_bulk(c->in, err);

    *same = 0;
    while (found && *same < data->len) {
        uint64_t left = data->len - *same;
        size_t n = left < CLS_BULK_SIZE ? (size_t)left : CLS_BULK_SIZE;
        const uint8_t *wanted = item_bytes(data, *same, n, err);

        if (!wanted || !take(c, found, n, err))
            return false;
        if (memcmp(found, wanted, n) != 0) {
            for (const uint8_t *p = found; *p == *wanted; p++, wanted++)
                ++*same;
            return true;
        }
        *same += n;
    }
    return found != NULL;
}

bool same_data(struct v2_comparison *c, const struct image_data *data, struct cls_error *err)
{
    uint64_t start = c->in->offset, same;

    if (!compare_data(c, data, &same, err))
        return false;
    return same == data->len ||
           differs(c, err, start + same, "the data differs from its byte 0x%" PRIx64 " on", same);
}

bool same_whole(struct v2_comparison *c, uint32_t type, const void *head, size_t head_len,
                const struct image_data *data, struct cls_error *err)
{
    uint64_t length = head_len + data->len;

    return same_record(c, type, length, err) && same_bytes(c, head, head_len, "head", err) &&
           same_data(c, data, err) && same_padding(c, length, err);
}
