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
    bool certain; /* the stream fits it; else it is only what the caller said */
};

/*
 * Follows the stream as each combination of width and guest type would have it, until only one
 * fits: a regular file to its end if need be, other inputs as far as they can be peeked at. Nothing
 * is consumed, and nothing is read that may not belong to the stream.
 *
 * Where several fit, told decides (0 and GUEST_UNKNOWN where the caller was told nothing), then
 * config, the guest type that a configuration names, then the length of the first page batch:
 * savers fill it. A guest type in told that does not fit is an error; of two widths the stream's
 * own is taken, with a warning. An error, too, where the bytes are no legacy stream.
 */
bool legacy_detect(struct cls_input *in, const struct legacy_kind *told, enum guest_type config,
                   const struct cls_log *log, struct legacy_detected *found,
                   struct cls_error *err) CLS_MUST_CHECK;

#endif
