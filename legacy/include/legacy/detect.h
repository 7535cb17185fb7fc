/*
 * Width and guest type of a bare legacy stream, from its first bytes.
 */
#ifndef LEGACY_DETECT_H
#define LEGACY_DETECT_H

#include "base/image.h"
#include "base/log.h"

struct legacy_kind {
    unsigned width; /* bytes, 4 or 8; 0: not known */
    enum guest_type guest;
};

struct legacy_detected {
    struct legacy_kind kind;
    bool certain; /* the stream itself shows it; else it is only what the caller said */
};

/*
 * Looks at the stream's first bytes without consuming them, never past its end. told: what the
 * caller was told, 0 and GUEST_UNKNOWN where nothing. A guest type that contradicts the stream is
 * an error; of two widths the stream's own is believed, with a warning. An error, too, where the
 * bytes are no legacy stream.
 */
bool legacy_detect(struct cls_input *in, const struct legacy_kind *told, const struct cls_log *log,
                   struct legacy_detected *found, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Could these n bytes begin the body of a further checkpoint of a stream of this kind and p2m_size?
 */
bool legacy_is_body(const uint8_t *bytes, size_t n, unsigned width, uint64_t p2m_size);

#endif
