/*
 * Reads the stream a first time. The configuration is written before the new stream, but depends on
 * the whole old one.
 */
#ifndef CONVERT_MEASURE_H
#define CONVERT_MEASURE_H

#include "conversion.h"
#include "limits/facts.h"

/*
 * c->in is at the stream, in a regular file, before and after the call. Collects the facts, with
 * the number of populated pages. Fails if a conversion would fail. Page data is not read.
 */
bool measure(struct conversion *c, struct limits_facts *facts,
             struct cls_error *err) CLS_MUST_CHECK;

#endif
