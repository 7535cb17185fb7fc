/*
 * What wraps a stream on disk: recognised by its magic, read, and written again around the
 * converted stream.
 */
#ifndef ENVELOPE_ENVELOPE_H
#define ENVELOPE_ENVELOPE_H

#include "base/input.h"
#include "base/log.h"
#include "base/output.h"

enum envelope_kind {
    ENVELOPE_NONE,
    ENVELOPE_XL, /* xl save: Xen 4.1 to 4.5 */
};

#define XL_HEADER_SIZE 48

struct envelope {
    enum envelope_kind kind;
    bool v2; /* the head says that the stream inside is v2 already */
    struct {
        uint8_t header[XL_HEADER_SIZE]; /* as read */
        uint32_t optional_data_len;     /* these bytes lie next in the input */
    } xl;
};

/* What people call it: "none", "xl". Static. */
const char *envelope_name(enum envelope_kind kind);

/* Recognises the envelope and consumes its head. Fails where the head is not sound. */
bool envelope_read(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
                   struct cls_error *err) CLS_MUST_CHECK;

/* Consumes what is left of the envelope after its head: the input then stands at the stream. */
bool envelope_skip(const struct envelope *envelope, struct cls_input *in,
                   struct cls_error *err) CLS_MUST_CHECK;

/* Does the stream inside belong to libxl, so that libxl's format is what should follow? */
bool envelope_is_libxl(const struct envelope *envelope);

/*
 * Writes the envelope and takes what is left of it from the input, which then stands at the stream.
 * libxl_v2: the header shall announce a libxl v2 stream; else it stays as it was.
 */
bool envelope_write(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                    bool libxl_v2, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Fails where the next bytes are something known that is no legacy stream, and says what. To be
 * asked where they don't look like one: a p2m_size may well look like some format's magic.
 */
bool envelope_check_foreign(struct cls_input *in, struct cls_error *err) CLS_MUST_CHECK;

#endif
