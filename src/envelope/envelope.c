#include "envelope/envelope.h"

#include <string.h>

#include "xl.h"

const char *envelope_name(enum envelope_kind kind)
{
    static const char *const names[] = {[ENVELOPE_NONE] = "none", [ENVELOPE_XL] = "xl"};

    return names[kind];
}

bool envelope_read(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
                   struct cls_error *err)
{
    const uint8_t *b;
    size_t got;

    memset(envelope, 0, sizeof(*envelope));
    cls_input_at(in, "envelope", -1, NULL);
    if (!cls_input_peek(in, XL_MAGIC_SIZE, &b, &got, err))
        return false;
    if (got == XL_MAGIC_SIZE && memcmp(b, xl_magic, XL_MAGIC_SIZE) == 0)
        return xl_read(in, log, envelope, err);
    cls_info(log, "no envelope");
    return true;
}

bool envelope_is_libxl(const struct envelope *envelope)
{
    return envelope->kind == ENVELOPE_XL;
}

bool envelope_write(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                    bool libxl_v2, struct cls_error *err)
{
    return envelope->kind != ENVELOPE_XL || xl_write(envelope, in, out, libxl_v2, err);
}

bool envelope_skip(const struct envelope *envelope, struct cls_input *in, struct cls_error *err)
{
    return cls_input_skip(in, envelope->xl.optional_data_len, "optional data", err);
}
