/*
 * An output that writes nothing: what it is given must be what the file, written before, holds.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output_ops.h"

static bool fail(const struct cls_output *out, int errnum, struct cls_error *err)
{
    return cls_fail_errno(err, errnum, "cannot read %s again", out->name);
}

/* The file's next bytes: n, or fewer where it ends. */
static bool read_found(struct cls_output *out, uint8_t *found, size_t n, size_t *got,
                       struct cls_error *err)
{
    *got = 0;
    while (*got < n) {
        ssize_t r = read(out->fd, found + *got, n - *got);

        if (r < 0 && errno != EINTR)
            return fail(out, errno, err);
        if (r == 0)
            break;
        *got += r > 0 ? (size_t)r : 0;
    }
    return true;
}

/* Always returns false. */
static bool differ(const struct cls_output *out, uint64_t at, const uint8_t *wanted,
                   const uint8_t *found, size_t n, struct cls_error *err)
{
    size_t same = 0;

    while (same < n && found[same] == wanted[same])
        same++;
    if (same == n)
        return cls_fail(err, CLS_SYSTEM, "%s ends too early, at byte 0x%" PRIx64, out->name,
                        at + n);
    return cls_fail(err, CLS_SYSTEM, "%s: byte 0x%" PRIx64 ": 0x%02x instead of 0x%02x", out->name,
                    at + same, found[same], wanted[same]);
}

static bool compare(struct cls_output *out, const uint8_t *wanted, size_t n, struct cls_error *err)
{
    uint8_t *found = out->state ? out->state : malloc(CLS_BULK_SIZE);
    uint64_t at = out->file_start + out->offset - n;
    size_t step, got;

    out->state = found;
    if (!found)
        return fail(out, ENOMEM, err);
    for (; n > 0; n -= step, at += step, wanted += step) {
        step = n < CLS_BULK_SIZE ? n : CLS_BULK_SIZE;
        if (!read_found(out, found, step, &got, err))
            return false;
        if (got < step || memcmp(found, wanted, step) != 0)
            return differ(out, at, wanted, found, got, err);
    }
    return true;
}

static bool check_end(struct cls_output *out, struct cls_error *err)
{
    uint8_t beyond;
    size_t got;

    if (!read_found(out, &beyond, 1, &got, err))
        return false;
    return got == 0 || cls_fail(err, CLS_SYSTEM, "%s goes on behind the stream", out->name);
}

static void release(struct cls_output *out)
{
    free(out->state);
}

const struct cls_output_ops output_compare = {
    .name = "by reading both ends",
    .write = compare,
    .finish = check_end,
    .release = release,
};
