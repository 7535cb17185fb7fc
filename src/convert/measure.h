/*
 * Reads the stream a first time, for what is written in front of the new stream but depends on all
 * of it.
 */
#ifndef CONVERT_MEASURE_H
#define CONVERT_MEASURE_H

#include "conversion.h"
#include "limits/facts.h"

/*
 * c->in is at the stream, in a regular file, before and afterwards. Fills the facts, populated
 * pages included. Fails where a conversion would fail. Page data is not read.
 */
bool measure(struct conversion *c, struct limits_facts *facts,
             struct cls_error *err) CLS_MUST_CHECK;

#endif
