#ifndef CONVERT_STREAM_KIND_H
#define CONVERT_STREAM_KIND_H

#include "envelope/envelope.h"
#include "legacy/detect.h"

/*
 * Width and guest type of the legacy stream at which in stands, of which nothing is consumed: from
 * its structure, from what the caller was told (0 and GUEST_UNKNOWN: nothing), and from what its
 * envelope says of the guest. Fails, and says what it is, where it is no legacy stream; and where
 * the envelope's word contradicts the stream and the caller doesn't say who is right.
 */
bool stream_kind(struct cls_input *in, const struct legacy_kind *told,
                 const struct envelope *envelope, const struct cls_log *log,
                 struct legacy_kind *kind, struct cls_error *err) CLS_MUST_CHECK;

#endif
