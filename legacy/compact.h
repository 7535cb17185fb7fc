/*
 * For output that holds each pfn's content once: how often it is still to come.
 */
#ifndef LEGACY_COMPACT_H
#define LEGACY_COMPACT_H

#include "base/error.h"

struct compact;

/* For pfns below p2m_size; takes 4 bytes for each. NULL and err filled when there is no memory. */
struct compact *compact_new(uint64_t p2m_size, struct cls_error *err);
void compact_free(struct compact *compact);

/*
 * Content of pfn will come. again: only for comparison with what came before, so that it counts
 * where nothing did.
 */
void compact_count(struct compact *compact, uint32_t pfn, bool again);

/*
 * Content of pfn, counted before, has come: was it for the last time? In doubt yes, so that a last
 * time is never missed.
 */
bool compact_is_last(struct compact *compact, uint32_t pfn, bool again);

#endif
