#include <string.h>

#include "limits/facts.h"

/* Returns the data of an item of a kind that limits_hold() reads; NULL: another kind. */
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

static bool hold_data(struct limits_hold *hold, struct image_data *data, size_t *used,
                      struct cls_error *err)
{
    uint64_t max = data->len < LIMITS_HELD_MAX ? data->len : LIMITS_HELD_MAX;
    struct cls_held *held = &hold->held;

    held->len = 0;
    /* At least one byte, so that data->bytes is not NULL for empty data. */
    if (!cls_held_reserve(held, 1, "data", err) ||
        !cls_held_read_some(held, data->from, max, "data", err))
        return false;
    cls_input_tick(data->from);
    *used = held->len;
    data->bytes = held->bytes;
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

bool limits_hold_available(struct limits_hold *hold, struct image_item *item, struct cls_error *err)
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

uint8_t *limits_hold_writable(struct limits_hold *hold, struct image_data *data,
                              struct cls_error *err)
{
    struct cls_held *held = &hold->held;

    if (data->bytes != held->bytes) {
        if (!cls_held_reserve(held, (size_t)data->len, "data", err))
            return NULL;
        memcpy(held->bytes, data->bytes, (size_t)data->len);
        data->bytes = held->bytes;
    }
    return held->bytes;
}

void limits_hold_free(struct limits_hold *hold)
{
    cls_held_free(&hold->held);
}
