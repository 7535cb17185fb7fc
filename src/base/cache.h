/*
 * Courtesy to the page cache, which belongs to others, too: what a long conversion reads and writes
 * does not push everything else out of memory.
 */
#ifndef BASE_CACHE_H
#define BASE_CACHE_H

#include "base/input.h"
#include "base/output.h"

/* Sizes and files are looked at now. durable: the output is going to be synced. */
void cache_prepare(struct cls_input *in, struct cls_output *out, bool durable);

/*
 * To be called now and then while data moves. Of the input those windows are dropped that were not
 * in the cache before; of the output, all but the last ones once it is large against this machine's
 * memory.
 */
void cache_let_go(struct cls_input *in, struct cls_output *out);

#endif
