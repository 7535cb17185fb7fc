#include "base/held.h"
#include "type.h"

bool envelope_hold(struct envelope *envelope, struct cls_input *in, uint32_t len, const char *what,
                   struct cls_error *err)
{
    struct cls_held held = {0};
    bool ok = cls_held_read(&held, in, len, what, err);

    envelope->config = held.bytes;
    envelope->config_len = held.len;
    return ok;
}
