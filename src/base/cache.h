/*
 * Keeps long conversions from evicting other data from the page cache.
 */
#ifndef BASE_CACHE_H
#define BASE_CACHE_H

#include "base/input.h"
#include "base/output.h"

/* Before data moves: looks at types and sizes of both files. durable: the output will be synced. */
void cache_prepare(struct cls_input *in, struct cls_output *out, bool durable);

/*
 * To be called now and then while data moves. Drops windows of the input that were not in the cache
 * before, and all but the last windows of an output that is large compared with the memory.
 */
void cache_drop(struct cls_input *in, struct cls_output *out);

#endif
