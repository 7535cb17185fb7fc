#include "base/held.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_CAPACITY 16384

bool cls_held_reserve(struct cls_held *held, size_t n, const char *what, struct cls_error *err)
{
    uint8_t *bytes;

    if (n <= held->capacity)
        return true;
    bytes = realloc(held->bytes, n);
    if (!bytes)
        return cls_fail_errno(err, ENOMEM, "cannot allocate memory for %s", what);
    held->bytes = bytes;
    held->capacity = n;
    return true;
}

static bool grow(struct cls_held *held, uint64_t wanted, const char *what, struct cls_error *err)
{
    size_t capacity = held->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : 2 * held->capacity;

    return cls_held_reserve(held, capacity < wanted ? capacity : (size_t)wanted, what, err);
}

bool cls_held_read_some(struct cls_held *held, struct cls_input *in, uint64_t n, const char *what,
                        struct cls_error *err)
{
    uint64_t wanted = held->len + n;
    size_t step, got = 1;

    while (held->len < wanted && got > 0) {
        if (held->len == held->capacity && !grow(held, wanted, what, err))
            return false;
        step = (held->capacity < wanted ? held->capacity : (size_t)wanted) - held->len;
        if (!cls_input_read_some(in, held->bytes + held->len, step, &got, err))
            return false;
        held->len += got;
    }
    return true;
}

bool cls_held_read(struct cls_held *held, struct cls_input *in, uint64_t n, const char *what,
                   struct cls_error *err)
{
    uint64_t start = in->offset, before = held->len;

    return cls_held_read_some(held, in, n, what, err) &&
           (held->len - before == n ||
            cls_input_truncated(in, err, start, n, held->len - before, what));
}

void cls_held_free(struct cls_held *held)
{
    free(held->bytes);
    *held = (struct cls_held){0};
}
