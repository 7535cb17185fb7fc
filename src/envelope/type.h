/*
 * The operations of each kind of envelope. To add one: a file, a kind, and a line in envelope.c.
 */
#ifndef ENVELOPE_TYPE_H
#define ENVELOPE_TYPE_H

#include "envelope/envelope.h"

#define ENVELOPE_MAGIC_MAX 32

struct envelope_type {
    const char *name;
    const char *magic;
    size_t magic_size;
    bool libxl;          /* see envelope_is_libxl() */
    bool any_format;     /* either format may be written, as by Xen's converter */
    bool delimited;      /* see envelope_is_delimited() */
    bool carries_config; /* see envelope_carries_config() */

    /* Each function implements envelope_NAME() of envelope.h; NULL: nothing to do. */
    bool (*prepare)(struct cls_error *err);
    bool (*finish)(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                   struct cls_error *err);
    bool (*skip_rest)(struct cls_input *in, const struct cls_log *log, struct cls_error *err);
    bool (*put_emulator)(const struct image_emulator *emulator, struct cls_output *out,
                         struct cls_error *err);

    /* Reads all optional data into memory. */
    bool (*hold_config)(struct envelope *envelope, struct cls_input *in, struct cls_error *err);

    /* Consumes the optional data and stores the config, unless it is held already. */
    bool (*read_config)(const struct envelope *envelope, struct cls_input *in,
                        struct envelope_config *config, struct cls_error *err);

    /* Consumes the header with its magic. envelope->kind is set. */
    bool (*read)(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
                 struct cls_error *err);
    bool (*write)(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                  bool libxl_v2, struct cls_error *err);
};

extern const struct envelope_type xl_envelope, libvirt_envelope, xend_envelope, xapi_envelope,
    xapi_structured_envelope;

/* Compares the next bytes with the magics. *kind may be ENVELOPE_NONE. Consumes nothing. */
bool envelope_recognise(struct cls_input *in, enum envelope_kind *kind,
                        struct cls_error *err) CLS_MUST_CHECK;

/*
 * Returns the name of the kind whose magic the bytes begin with in part (truncated or damaged), or
 * NULL.
 */
const char *envelope_by_partial_magic(const uint8_t *b, size_t got);

/* hold.c: reads len bytes into envelope->config by cls_held_read(). what: for error messages. */
bool envelope_hold(struct envelope *envelope, struct cls_input *in, uint32_t len, const char *what,
                   struct cls_error *err) CLS_MUST_CHECK;

#endif
