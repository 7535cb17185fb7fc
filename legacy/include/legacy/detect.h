/*
 * Detects width and guest type of a bare legacy stream by its structure.
 */
#ifndef LEGACY_DETECT_H
#define LEGACY_DETECT_H

#include "base/image.h"
#include "base/log.h"

struct legacy_kind {
    unsigned width; /* of the saving toolstack, in bytes, 4 or 8; 0: not known */
    enum guest_type guest;
};

struct legacy_detected {
    struct legacy_kind kind;
    bool certain; /* the structure shows it; false: check for other formats, too */
};

/*
 * Parses the stream as each combination of width and guest type, until only one fits: a regular
 * file to its end if necessary, other inputs as far as they can be peeked at. Nothing is consumed,
 * and only bytes that belong to the stream are read.
 *
 * If several fit, the requested guest type decides (GUEST_UNKNOWN: none). Then the order is:
 * config, which is the guest type of the configuration; the requested width (0: none); a complete
 * stream; the longer first page batch, because savers fill it. A requested guest type that does not
 * fit is an error. If the requested width does not fit, the detected one is used, with a warning.
 * If both are requested and nothing fits, they are used, and the reader reports the error.
 * Otherwise fails with CLS_BAD_INPUT if the bytes are not a legacy stream. log may be NULL.
 */
bool legacy_detect(struct cls_input *in, const struct legacy_kind *requested,
                   enum guest_type config, const struct cls_log *log, struct legacy_detected *found,
                   struct cls_error *err) CLS_MUST_CHECK;

#endif
