/*
 * For output that holds each pfn's content once: how often it is still to come.
 */
#ifndef LEGACY_COMPACT_H
#define LEGACY_COMPACT_H

#include "stream.h"

struct compact;

/* For pfns below p2m_size; takes 4 bytes for each. NULL and err filled when there is no memory. */
struct compact *compact_new(uint64_t p2m_size, struct cls_error *err);
void compact_free(struct compact *compact);

/*
 * A chunk visitor (measure.h; ctx is the struct compact): the pages of a batch will come. Those of
 * verify mode come only for comparison with what came before, so that they count where nothing did.
 */
void compact_count(void *ctx, const struct legacy_stream *s, const struct chunk *chunk);

/*
 * Content of pfn, counted before, has come: was it for the last time? In doubt yes, so that a last
 * time is never missed. again: in verify mode.
 */
bool compact_is_last(struct compact *compact, uint32_t pfn, bool again);

#endif
