/*
 * What wraps a stream on disk: recognised by its magic, read, and written again around the
 * converted stream.
 */
#ifndef ENVELOPE_ENVELOPE_H
#define ENVELOPE_ENVELOPE_H

#include "base/image.h"
#include "base/log.h"
#include "base/output.h"

enum envelope_kind {
    ENVELOPE_NONE,
    ENVELOPE_XL,              /* xl save: Xen 4.1 to 4.5 */
    ENVELOPE_LIBVIRT,         /* virsh save, managed save: libvirt's libxl driver */
    ENVELOPE_XEND,            /* xm save: Xen 3.0 to 4.4 */
    ENVELOPE_XAPI,            /* suspend image of XCP and XenServer up to 6.x */
    ENVELOPE_XAPI_STRUCTURED, /* and of later ones: records */
};

/* Configs are some KiB. What an envelope makes us hold in memory is bounded by this, too. */
#define ENVELOPE_CONFIG_MAX (16u * 1024 * 1024)

#define ENVELOPE_HEADER_MAX 64

/* What the envelope says of its guest; empty and GUEST_UNKNOWN where it says nothing. */
struct envelope_guest {
    char name[256]; /* as found, cut to fit: mask it before a terminal sees it */
    char uuid[40];
    char emulator[256]; /* libvirt: the path of the device model */
    enum guest_type type;
};

enum envelope_config_format {
    ENVELOPE_CONFIG_NONE,
    ENVELOPE_CONFIG_TEXT, /* as xl create reads it: Xen 4.1 to 4.4 */
    ENVELOPE_CONFIG_JSON, /* libxl_domain_config: Xen 4.5 */
    ENVELOPE_CONFIG_SEXP, /* xend's s-expression */
    ENVELOPE_CONFIG_XML,  /* libvirt's */
};

struct envelope {
    enum envelope_kind kind;
    bool v2; /* the head says that the stream inside is v2 already */
    struct envelope_guest guest;
    uint8_t header[ENVELOPE_HEADER_MAX]; /* as read */
    uint32_t following;                  /* bytes of the head that lie next in the input */
    uint8_t *config; /* held: libvirt's XML, xend's s-expression, XAPI's Xenops record; or NULL */
    size_t config_len;
    enum envelope_config_format config_format; /* of what the envelope holds, or can hold */

    /* What xl's header shall carry instead of what it had; NULL: the same. Not to be freed. */
    const char *new_config;
    size_t new_config_len;
    bool new_config_json;
};

/* What people call it: "none", "xl", "libvirt", "xend", "xapi". Static. */
const char *envelope_name(enum envelope_kind kind);

/*
 * Loads the library that reading this input's envelope takes, if any. To be called before the
 * sandbox is entered: the first bytes are compared with the magics, and nothing is consumed.
 */
bool envelope_prepare(struct cls_input *in, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Consumes what follows an xl header and holds it: config and config_len are the configuration's
 * then. Others hold theirs already, or have none. After envelope_read(), and before
 * envelope_write().
 */
bool envelope_hold_config(struct envelope *envelope, struct cls_input *in,
                          struct cls_error *err) CLS_MUST_CHECK;

/*
 * Drops <emulator> from libvirt's XML, so that libxl chooses the device model; every other byte
 * stays. *dropped: there was one. Fails where what is left is no XML of the same guest.
 */
bool envelope_drop_emulator(struct envelope *envelope, const struct cls_input *in, bool *dropped,
                            struct cls_error *err) CLS_MUST_CHECK;

/* Can the result's header carry another configuration? */
bool envelope_carries_config(const struct envelope *envelope);

/*
 * Recognises the envelope and consumes its head. Fails where the head is not sound. Free with
 * envelope_free(), also after failures; that of all zero needs none.
 */
bool envelope_read(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
                   struct cls_error *err) CLS_MUST_CHECK;
void envelope_free(struct envelope *envelope);

/* Consumes what is left of the envelope after its head: the input then stands at the stream. */
bool envelope_skip(const struct envelope *envelope, struct cls_input *in,
                   struct cls_error *err) CLS_MUST_CHECK;

/* Far above honest configs, which are some KiB. As JSON objects they need 200 times the memory. */
#define ENVELOPE_CONFIG_SHOWN_MAX (128u * 1024)

/* The guest's configuration, as the toolstack saved it. */
struct envelope_config {
    enum envelope_config_format format;
    uint64_t offset; /* in the input */
    uint32_t len;
    char *text; /* ended by a NUL, to be freed; NULL where it is longer than SHOWN_MAX */
};

/* As envelope_skip(), but keeps the config. config->text is to be freed, after failures, too. */
bool envelope_read_config(const struct envelope *envelope, struct cls_input *in,
                          struct envelope_config *config, struct cls_error *err) CLS_MUST_CHECK;

/* Does the stream inside belong to libxl, so that libxl's format is what should follow? */
bool envelope_is_libxl(const struct envelope *envelope);

/*
 * Does the envelope itself say where it ends? Then the input may go on behind it with anything
 * (a suspend image lies at the start of a disk), and its end means nothing.
 */
bool envelope_is_delimited(const struct envelope *envelope);

/*
 * May the stream inside be written in this format (libxl's, else libxc's)? Fails (CLS_BAD_INPUT)
 * where nobody could read the result; warns where only the caller can know who will.
 */
bool envelope_takes_format(const struct envelope *envelope, bool libxl, struct cls_input *in,
                           const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Writes the envelope and takes what is left of it from the input, which then stands at the stream.
 * libxl_v2: the header shall announce a libxl v2 stream; else it stays as it was.
 */
bool envelope_write(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                    bool libxl_v2, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Has the envelope a place of its own for the device model's state? Then
 * envelope_put_emulator() takes it there, and it must not be written behind the libxc stream.
 */
bool envelope_has_emulator(const struct envelope *envelope);
bool envelope_put_emulator(const struct envelope *envelope, const struct image_emulator *emulator,
                           struct cls_output *out, struct cls_error *err) CLS_MUST_CHECK;

/* After the stream: reads and writes what the envelope has behind it. */
bool envelope_finish(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                     struct cls_error *err) CLS_MUST_CHECK;

/* After a v2 stream that was only looked at: consumes, and checks, what the envelope has behind. */
bool envelope_skip_rest(const struct envelope *envelope, struct cls_input *in,
                        const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Fails where the next bytes are something known that is no legacy stream, and says what and, where
 * there is one, the way to the saves in it. *holds_saves: it may hold saves of Xen (a container, a
 * disk image, compressed data), or is what is left of one (its signature is incomplete). To be
 * asked where the bytes don't look like a stream: a p2m_size may well look like some format's
 * magic.
 */
bool envelope_check_foreign(struct cls_input *in, bool *holds_saves,
                            struct cls_error *err) CLS_MUST_CHECK;

#endif
