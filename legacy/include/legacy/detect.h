/*
 * Width and guest type of a bare legacy stream, from its structure.
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
    bool certain; /* the stream shows it; false: it is only what the caller requested */
};

/*
 * Parses the stream as each combination of width and guest type, until only one fits: a regular
 * file to its end if necessary, other inputs as far as they can be peeked at. Nothing is consumed,
 * and no byte is read that may not belong to the stream.
 *
 * Where several fit, requested decides (0 and GUEST_UNKNOWN: nothing was requested), then config,
 * the guest type of the configuration, then the length of the first page batch, since savers fill
 * it. A requested guest type that does not fit is an error. If the requested width does not fit,
 * the stream's own is used, with a warning. Fails if the bytes are no legacy stream.
 */
bool legacy_detect(struct cls_input *in, const struct legacy_kind *requested,
                   enum guest_type config, const struct cls_log *log, struct legacy_detected *found,
                   struct cls_error *err) CLS_MUST_CHECK;

#endif
