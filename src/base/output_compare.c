/*
 * An output that writes nothing: what it is given must equal the content of the file.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output_ops.h"

/* The reader of the file's next bytes, made when first needed; before counts those that are taken.
 */
static struct cls_input *found_input(struct cls_output *out, uint64_t before, struct cls_error *err)
{
    struct cls_input *in = out->state;

    if (in)
        return in;
    out->state = in = malloc(sizeof(*in));
    if (in)
        cls_input_init(in, out->fd, out->name, out->file_start + before, NULL);
    else
        cls_fail_errno(err, ENOMEM, "cannot read %s again", out->name);
    return in;
}

/* Always returns false. */
static bool differ(const struct cls_output *out, uint64_t at, const uint8_t *wanted,
                   const uint8_t *found, size_t n, struct cls_error *err)
{
    size_t same = 0;

    while (same < n && found[same] == wanted[same])
        same++;
    if (same == n)
        return cls_fail(err, CLS_SYSTEM, "%s is too short: it ends at byte 0x%" PRIx64, out->name,
                        at + n);
    return cls_fail(err, CLS_SYSTEM, "%s: byte 0x%" PRIx64 ": found 0x%02x, expected 0x%02x",
                    out->name, at + same, found[same], wanted[same]);
}

static bool compare(struct cls_output *out, const uint8_t *wanted, size_t n, struct cls_error *err)
{
    struct cls_input *in = found_input(out, out->offset - n, err);
    uint8_t *found = in ? cls_input_bulk(in, err) : NULL;
    size_t step, got;

    for (; n > 0; n -= step, wanted += step) {
        step = n < CLS_BULK_SIZE ? n : CLS_BULK_SIZE;
        if (!found || !cls_input_read_some(in, found, step, &got, err))
            return false;
        if (got < step || memcmp(found, wanted, step) != 0)
            return differ(out, in->offset - got, wanted, found, got, err);
    }
    return true;
}

static bool check_end(struct cls_output *out, struct cls_error *err)
{
    struct cls_input *in = found_input(out, out->offset, err);
    uint8_t beyond;
    size_t got;

    if (!in || !cls_input_read_some(in, &beyond, 1, &got, err))
        return false;
    return got == 0 ||
           cls_fail(err, CLS_SYSTEM, "%s has data after the end of the stream", out->name);
}

static void release(struct cls_output *out)
{
    if (out->state)
        cls_input_release(out->state);
    free(out->state);
}

const struct cls_output_ops output_compare = {
    .name = "by reading both ends",
    .write = compare,
    .finish = check_end,
    .release = release,
};
