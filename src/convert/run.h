/*
 * One run of the conversion: every byte of the save is read, and every byte of the new one put to
 * the output.
 */
#ifndef CONVERT_RUN_H
#define CONVERT_RUN_H

#include "conversion.h"

/*
 * Both ends are open and stand where the conversion begins; what the envelope takes is loaded.
 * facts, envelope, reader and writer are filled. May be called again for the same ends, begun anew.
 */
bool run(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

#endif
