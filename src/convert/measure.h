/*
 * A first reading of the stream, for what stands in front of the new one and depends on all of it.
 */
#ifndef CONVERT_MEASURE_H
#define CONVERT_MEASURE_H

#include "conversion.h"
#include "limits/facts.h"

/*
 * c->in stands at the stream, in a regular file, and does so afterwards. Fills the facts, populated
 * pages too; fails where a conversion would fail, too. Page data is not read.
 */
bool measure(struct conversion *c, struct limits_facts *facts,
             struct cls_error *err) CLS_MUST_CHECK;

#endif
