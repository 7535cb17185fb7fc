/*
 * Saves whose envelope calls a v2 stream legacy. libvirt on Xen 4.6 and later wrote them before its
 * commit 5325123d235d (2016). Only the envelope is changed.
 */
#ifndef CONVERT_RELABEL_H
#define CONVERT_RELABEL_H

#include "convert/in_file.h"
#include "envelope/envelope.h"

/* Is this such a save? in is at the stream; nothing is consumed. */
bool relabel_is_needed(const struct envelope *envelope, struct cls_input *in, bool *needed,
                       struct cls_error *err) CLS_MUST_CHECK;

/*
 * Verifies the stream, writes a new envelope, and copies the stream. Since this reads twice, the
 * input must be a regular file that was opened by name. guest: as requested, or GUEST_UNKNOWN.
 */
bool relabel(const struct envelope *envelope, const struct in_file *file, enum guest_type guest,
             struct cls_input *in, struct cls_output *out, const struct cls_log *log,
             struct cls_error *err) CLS_MUST_CHECK;

#endif
