/*
 * Saves whose envelope says that the stream inside is legacy, though it is v2 already: libvirt
 * built on Xen 4.6 and later wrote such before its commit 5325123d235d (2016). Nothing but the
 * envelope needs changing.
 */
#ifndef CONVERT_RELABEL_H
#define CONVERT_RELABEL_H

#include "convert/in_file.h"
#include "envelope/envelope.h"

/* Is this such a save? The input stands at the stream, of which nothing is consumed. */
bool relabel_is_needed(const struct envelope *envelope, struct cls_input *in, bool *needed,
                       struct cls_error *err) CLS_MUST_CHECK;

/*
 * Writes the envelope anew and the stream as it is, after that was verified: which reads it twice,
 * so that only a regular file that is named is taken.
 */
bool relabel(const struct envelope *envelope, const struct in_file *file, struct cls_input *in,
             struct cls_output *out, const struct cls_log *log,
             struct cls_error *err) CLS_MUST_CHECK;

#endif
