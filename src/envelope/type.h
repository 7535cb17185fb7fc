/*
 * What each kind of envelope does. One that is added gets a file, a kind, and a line in envelope.c.
 */
#ifndef ENVELOPE_TYPE_H
#define ENVELOPE_TYPE_H

#include "envelope/envelope.h"

#define ENVELOPE_MAGIC_MAX 32

struct envelope_type {
    const char *name;
    const char *magic;
    size_t magic_size;
    bool libxl;      /* the stream inside is libxl's */
    bool any_format; /* yet libxc's may follow, as in Xen's converter */
    bool delimited;
    bool carries_config; /* the result has an xl header */

    /* Any of these may be NULL: nothing to do. */
    bool (*prepare)(struct cls_error *err);
    bool (*finish)(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                   struct cls_error *err);
    bool (*skip_rest)(struct cls_input *in, const struct cls_log *log, struct cls_error *err);
    bool (*put_emulator)(const struct image_emulator *emulator, struct cls_output *out,
                         struct cls_error *err);

    /* Consumes what follows the head and holds it, the config and what is behind. */
    bool (*hold_config)(struct envelope *envelope, struct cls_input *in, struct cls_error *err);

    /* Consumes what follows the head and keeps the config, where it is not held already. */
    bool (*read_config)(const struct envelope *envelope, struct cls_input *in,
                        struct envelope_config *config, struct cls_error *err);

    /* Consumes the head, magic and all; the kind is filled in already. */
    bool (*read)(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
                 struct cls_error *err);
    bool (*write)(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                  bool libxl_v2, struct cls_error *err);
};

extern const struct envelope_type xl_envelope, libvirt_envelope, xend_envelope, xapi_envelope,
    xapi_structured_envelope;

/* What the next bytes are the magic of. Consumes nothing. */
bool envelope_recognise(struct cls_input *in, enum envelope_kind *kind,
                        struct cls_error *err) CLS_MUST_CHECK;

/*
 * The name of the kind whose magic these bytes begin like, without having all of it: cut off, or
 * changed on the way. NULL: none.
 */
const char *envelope_of_remains(const uint8_t *b, size_t got);

/* hold.c: consumes len bytes into envelope->config, as cls_held_read() does. */
bool envelope_hold(struct envelope *envelope, struct cls_input *in, uint32_t len, const char *what,
                   struct cls_error *err) CLS_MUST_CHECK;

#endif
