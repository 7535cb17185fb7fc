#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "limits/facts.h"

/* What data an item has that is small in honest saves; NULL: none. */
static struct image_data *small_data(struct image_item *item)
{
    switch (item->kind) {
    case IMAGE_HVM_CONTEXT:
        return &item->data;
    case IMAGE_VCPU_EXTENDED:
    case IMAGE_VCPU_XSAVE:
        return &item->vcpu.data;
    case IMAGE_EMULATOR:
        return &item->emulator.data;
    default:
        return NULL;
    }
}

/* At least one byte, so that held data of no bytes is data in memory. */
static bool make_room(struct limits_hold *hold, size_t size, struct cls_error *err)
{
    uint8_t *bytes;

    if (size < hold->size)
        return true;
    bytes = realloc(hold->bytes, size + 1);
    if (!bytes)
        return cls_fail_errno(err, ENOMEM, "cannot hold %zu bytes of the input", size);
    hold->bytes = bytes;
    hold->size = size + 1;
    return true;
}

/* Up to max bytes; room is made for no more than twice what came. */
static bool read_data(struct limits_hold *hold, struct cls_input *in, size_t max, size_t *used,
                      struct cls_error *err)
{
    size_t step, got;

    *used = 0;
    do {
        step = *used > CLS_BULK_SIZE ? *used : CLS_BULK_SIZE;
        if (step > max - *used)
            step = max - *used;
        if (!make_room(hold, *used + step, err) ||
            !cls_input_read_some(in, hold->bytes + *used, step, &got, err))
            return false;
        *used += got;
    } while (got == step && *used < max);
    cls_input_tick(in);
    return true;
}

static bool hold_data(struct limits_hold *hold, struct image_data *data, size_t *used,
                      struct cls_error *err)
{
    if (!read_data(hold, data->from,
                   data->len < LIMITS_HELD_MAX ? (size_t)data->len : LIMITS_HELD_MAX, used, err))
        return false;
    data->bytes = hold->bytes;
    return true;
}

bool limits_hold(struct limits_hold *hold, struct image_item *item, struct cls_error *err)
{
    struct image_data *data = small_data(item);
    uint64_t start;
    size_t used;

    if (!data || data->bytes || !data->from || data->len > LIMITS_HELD_MAX)
        return true;
    start = data->from->offset;
    if (!hold_data(hold, data, &used, err))
        return false;
    return used == data->len ||
           cls_input_truncated(data->from, err, start, data->len, used, "data");
}

bool limits_hold_some(struct limits_hold *hold, struct image_item *item, struct cls_error *err)
{
    struct image_data *data = small_data(item);
    size_t used;

    if (!data || data->bytes || !data->from ||
        (data->len > LIMITS_HELD_MAX && data->len != UINT64_MAX))
        return true;
    if (!hold_data(hold, data, &used, err))
        return false;
    data->len = used;
    return true;
}

uint8_t *limits_hold_own(struct limits_hold *hold, struct image_data *data, struct cls_error *err)
{
    if (data->bytes != hold->bytes) {
        if (!make_room(hold, (size_t)data->len, err))
            return NULL;
        memcpy(hold->bytes, data->bytes, (size_t)data->len);
        data->bytes = hold->bytes;
    }
    return hold->bytes;
}

void limits_hold_free(struct limits_hold *hold)
{
    free(hold->bytes);
    *hold = (struct limits_hold){0};
}
