#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "limits/facts.h"

/* What data an item has that is small in honest saves; NULL: none. */
static struct image_data *small_data(struct image_item *item, const char **what)
{
    *what = "data";
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
static bool make_room(struct limits_hold *hold, size_t used, uint64_t wanted, struct cls_error *err)
{
    size_t size = used * 2 > CLS_BULK_SIZE ? used * 2 : CLS_BULK_SIZE;
    uint8_t *bytes;

    if (size > wanted)
        size = (size_t)wanted + 1;
    if (size <= hold->size)
        return true;
    bytes = realloc(hold->bytes, size);
    if (!bytes)
        return cls_fail_errno(err, ENOMEM, "cannot hold %" PRIu64 " bytes of the input", wanted);
    hold->bytes = bytes;
    hold->size = size;
    return true;
}

bool limits_hold(struct limits_hold *hold, struct image_item *item, struct cls_error *err)
{
    const char *what;
    struct image_data *data = small_data(item, &what);
    uint64_t start;
    size_t used = 0;

    if (!data || data->bytes || !data->from || data->len > LIMITS_HELD_MAX)
        return true;
    start = data->from->offset;
    do {
        size_t step, got;

        if (!make_room(hold, used, data->len, err))
            return false;
        step = hold->size - used < data->len - used ? hold->size - used : (size_t)data->len - used;
        if (!cls_input_read_some(data->from, hold->bytes + used, step, &got, err))
            return false;
        used += got;
        if (got < step)
            return cls_input_truncated(data->from, err, start, data->len, used, what);
    } while (used < data->len);
    data->bytes = hold->bytes;
    data->from = NULL;
    return true;
}

void limits_hold_free(struct limits_hold *hold)
{
    free(hold->bytes);
    *hold = (struct limits_hold){0};
}
