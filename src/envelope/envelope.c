#include "envelope/envelope.h"

#include <stdlib.h>
#include <string.h>

#include "type.h"

/* So many matching bytes identify a magic that is damaged or cut off. */
#define PARTIAL_MIN        11 /* if other bytes follow */
#define PARTIAL_MIN_AT_END 4  /* if the input ends there */

static const struct envelope_type *const types[] = {
    [ENVELOPE_XL] = &xl_envelope,
    [ENVELOPE_LIBVIRT] = &libvirt_envelope,
    [ENVELOPE_XEND] = &xend_envelope,
    [ENVELOPE_XAPI] = &xapi_envelope,
    [ENVELOPE_XAPI_STRUCTURED] = &xapi_structured_envelope,
};
#define KINDS (sizeof(types) / sizeof(types[0]))

/* For ENVELOPE_NONE: every operation does nothing. */
static const struct envelope_type no_envelope = {.name = "none", .any_format = true};

static const struct envelope_type *type_of(enum envelope_kind kind)
{
    return types[kind] ? types[kind] : &no_envelope;
}

const char *envelope_name(enum envelope_kind kind)
{
    return type_of(kind)->name;
}

bool envelope_recognise(struct cls_input *in, enum envelope_kind *kind, struct cls_error *err)
{
    const uint8_t *b;
    size_t got;

    *kind = ENVELOPE_NONE;
    if (!cls_input_peek(in, ENVELOPE_MAGIC_MAX, &b, &got, err))
        return false;
    for (size_t i = 0; i < KINDS; i++)
        if (types[i] && types[i]->magic_size <= got &&
            memcmp(b, types[i]->magic, types[i]->magic_size) == 0)
            *kind = (enum envelope_kind)i;
    return true;
}

/* Does b begin with a part of the magic of type, but not with all of it? */
static bool is_partial_magic(const uint8_t *b, size_t got, const struct envelope_type *type)
{
    size_t n = 0;

    while (n < got && n < type->magic_size && b[n] == (uint8_t)type->magic[n])
        n++;
    return n < type->magic_size && n >= (n == got ? PARTIAL_MIN_AT_END : PARTIAL_MIN);
}

const char *envelope_by_partial_magic(const uint8_t *b, size_t got)
{
    for (size_t i = 0; i < KINDS; i++)
        if (types[i] && is_partial_magic(b, got, types[i]))
            return types[i]->name;
    return NULL;
}

bool envelope_prepare(struct cls_input *in, struct cls_error *err)
{
    const struct envelope_type *type;
    enum envelope_kind kind;

    if (!envelope_recognise(in, &kind, err))
        return false;
    type = type_of(kind);
    return !type->prepare || type->prepare(err);
}

bool envelope_read(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
                   struct cls_error *err)
{
    const struct envelope_type *type;

    memset(envelope, 0, sizeof(*envelope));
    cls_input_at(in, "container", -1, NULL);
    if (!envelope_recognise(in, &envelope->kind, err))
        return false;
    type = type_of(envelope->kind);
    if (type->read)
        return type->read(in, log, envelope, err);
    cls_info(log, "no container");
    return true;
}

bool envelope_read_config(const struct envelope *envelope, struct cls_input *in,
                          struct envelope_config *config, struct cls_error *err)
{
    const struct envelope_type *type = type_of(envelope->kind);

    *config = (struct envelope_config){0};
    return type->read_config ? type->read_config(envelope, in, config, err)
                             : envelope_skip(envelope, in, err);
}

void envelope_free(struct envelope *envelope)
{
    free(envelope->config);
    envelope->config = NULL;
}

bool envelope_hold_config(struct envelope *envelope, struct cls_input *in, struct cls_error *err)
{
    const struct envelope_type *type = type_of(envelope->kind);

    return !type->hold_config || type->hold_config(envelope, in, err);
}

bool envelope_carries_config(const struct envelope *envelope)
{
    return type_of(envelope->kind)->carries_config;
}

bool envelope_is_libxl(const struct envelope *envelope)
{
    return type_of(envelope->kind)->libxl;
}

bool envelope_is_delimited(const struct envelope *envelope)
{
    return type_of(envelope->kind)->delimited;
}

bool envelope_check_format(const struct envelope *envelope, bool libxl, struct cls_input *in,
                           const struct cls_log *log, struct cls_error *err)
{
    const struct envelope_type *type = type_of(envelope->kind);
    const char *format = libxl ? "libxl" : "libxc";

    if (!type->any_format && type->libxl != libxl)
        return cls_input_fail(in, err, in->offset,
                              "%s format cannot be restored from a container of %s", format,
                              type->name);
    if (type->libxl && !libxl)
        cls_warn(log, "%s format in a container of libxl: no toolstack can restore it", format);
    return true;
}

bool envelope_write(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                    bool libxl_v2, struct cls_error *err)
{
    const struct envelope_type *type = type_of(envelope->kind);

    return !type->write || type->write(envelope, in, out, libxl_v2, err);
}

bool envelope_skip(const struct envelope *envelope, struct cls_input *in, struct cls_error *err)
{
    return cls_input_skip(in, envelope->unread_len, "optional data", err);
}

bool envelope_has_emulator(const struct envelope *envelope)
{
    return type_of(envelope->kind)->put_emulator != NULL;
}

bool envelope_put_emulator(const struct envelope *envelope, const struct image_emulator *emulator,
                           struct cls_output *out, struct cls_error *err)
{
    const struct envelope_type *type = type_of(envelope->kind);

    return type->put_emulator(emulator, out, err);
}

bool envelope_finish(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                     struct cls_error *err)
{
    const struct envelope_type *type = type_of(envelope->kind);

    return !type->finish || type->finish(envelope, in, out, err);
}

bool envelope_skip_rest(const struct envelope *envelope, struct cls_input *in,
                        const struct cls_log *log, struct cls_error *err)
{
    const struct envelope_type *type = type_of(envelope->kind);

    return !type->skip_rest || type->skip_rest(in, log, err);
}
