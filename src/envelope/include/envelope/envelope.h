/*
 * The container around a stream in a file: identified by its magic, read, and written again around
 * the converted stream. Messages say "container", this code "envelope".
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
    ENVELOPE_XAPI_STRUCTURED, /* of later ones: made of records */
};

/* Bytes. Real configurations have some KiB. Also the limit for anything held from an envelope. */
#define ENVELOPE_CONFIG_MAX (16u * 1024 * 1024)

#define ENVELOPE_HEADER_MAX 64

/* What the envelope says about the guest; empty and GUEST_UNKNOWN if it says nothing. */
struct envelope_guest {
    char name[256]; /* unchecked bytes, truncated to fit: escape before printing (base/utf8.h) */
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
    bool v2; /* according to the header the stream is v2 already */
    struct envelope_guest guest;
    uint8_t header[ENVELOPE_HEADER_MAX]; /* as read */
    uint32_t unread_len;                 /* bytes of optional data still unread in the input */
    uint8_t *config; /* held: libvirt's XML, xend's s-expression, XAPI's Xenops record; or NULL */
    size_t config_len;
    enum envelope_config_format config_format; /* of config */

    /* Configuration for the xl header of the result; NULL: the old one. Owned by the caller. */
    const char *new_config;
    size_t new_config_len;
    bool new_config_json;
};

/* "none", "xl", "libvirt", "xend", "xapi" or "xapi structured". Static. */
const char *envelope_name(enum envelope_kind kind);

/*
 * Loads the library that is needed to read the envelope of this input, if any. To be called before
 * the sandbox is entered. Peeks at the magic and consumes nothing.
 */
bool envelope_prepare(struct cls_input *in, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Reads the optional data of an xl header into memory and sets config and config_len. Does nothing
 * for other kinds, whose configuration is held already or does not exist. To be called after
 * envelope_read() and before envelope_write().
 */
bool envelope_hold_config(struct envelope *envelope, struct cls_input *in,
                          struct cls_error *err) CLS_MUST_CHECK;

/*
 * Removes <emulator> from libvirt's XML, so that libxl chooses the device model; all other bytes
 * stay. *dropped: whether there was one. Fails if the result is not valid domain XML.
 */
bool envelope_drop_emulator(struct envelope *envelope, const struct cls_input *in, bool *dropped,
                            struct cls_error *err) CLS_MUST_CHECK;

/* Does the result have an xl header, which can carry a new configuration? */
bool envelope_carries_config(const struct envelope *envelope);

/*
 * Detects the envelope and consumes its header. Fails if the header is invalid. envelope is to be
 * freed by envelope_free(), also after a failure; one of all zeros needs no call.
 */
bool envelope_read(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
                   struct cls_error *err) CLS_MUST_CHECK;

/* Frees config. new_config stays the caller's. */
void envelope_free(struct envelope *envelope);

/* Consumes the optional data that is still unread; the stream is next in the input then. */
bool envelope_skip(const struct envelope *envelope, struct cls_input *in,
                   struct cls_error *err) CLS_MUST_CHECK;

/* Longer configurations are not shown: parsed as JSON they take 200 times this memory. */
#define ENVELOPE_CONFIG_SHOWN_MAX (128u * 1024)

/* The configuration of the guest, as the toolstack saved it. */
struct envelope_config {
    enum envelope_config_format format;
    uint64_t offset; /* in the input */
    uint32_t len;
    char *text; /* with a NUL at its end; NULL if longer than ENVELOPE_CONFIG_SHOWN_MAX */
};

/* Like envelope_skip(), but stores the config. The caller frees config->text, also on failure. */
bool envelope_read_config(const struct envelope *envelope, struct cls_input *in,
                          struct envelope_config *config, struct cls_error *err) CLS_MUST_CHECK;

/* Is the stream inside read by libxl, so that the output should be in libxl's format? */
bool envelope_is_libxl(const struct envelope *envelope);

/*
 * Does the envelope mark its own end? Then any data may follow it in the input: a suspend image is
 * at the start of a disk.
 */
bool envelope_is_delimited(const struct envelope *envelope);

/*
 * Can the stream inside be written in this format (libxl's if libxl is set, else libxc's)? Fails
 * with CLS_BAD_INPUT if no toolstack can restore the result; warns if only special callers can.
 */
bool envelope_check_format(const struct envelope *envelope, bool libxl, struct cls_input *in,
                           const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Writes the envelope's header, moving its unread part from the input; the stream is next in the
 * input then. libxl_v2: set the flag for a libxl v2 stream in the header; else it is unchanged.
 */
bool envelope_write(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                    bool libxl_v2, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Does the envelope have a record of its own for the device model's state? Then it is written by
 * envelope_put_emulator() and must not follow the libxc stream.
 */
bool envelope_has_emulator(const struct envelope *envelope);

/* Writes that record. emulator is the item of the reader. */
bool envelope_put_emulator(const struct envelope *envelope, const struct image_emulator *emulator,
                           struct cls_output *out, struct cls_error *err) CLS_MUST_CHECK;

/* Reads and writes the part of the envelope that follows the stream. */
bool envelope_finish(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                     struct cls_error *err) CLS_MUST_CHECK;

/* Consumes and checks the part of the envelope that follows a v2 stream, without output. */
bool envelope_skip_rest(const struct envelope *envelope, struct cls_input *in,
                        const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Fails if the next bytes are a known format that is not a legacy stream. The message names it and
 * says how to get at the saves in it. *holds_saves: it may contain saves of Xen (an archive, a disk
 * image, compressed data) or begins with an incomplete signature of one. To be called only for
 * input that was not detected as a stream, since a p2m_size can equal the magic of another format.
 */
bool envelope_check_foreign(struct cls_input *in, bool *holds_saves,
                            struct cls_error *err) CLS_MUST_CHECK;

#endif
