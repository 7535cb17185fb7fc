/*
 * The page cache of a sender that compresses checkpoints (Remus), kept alike: it codes each page
 * against what its cache holds of it (get_cache_page() and invalidate_cache_page() in
 * tools/libxc/xc_compression.c of Xen 4.2 to 4.5).
 *
 * The cache has 8192 slots, all zeros at first. A page that is not in it takes the slot that was
 * not used for the longest time, and whatever that holds stays until the page is stored there.
 */
#ifndef LEGACY_SENDER_CACHE_H
#define LEGACY_SENDER_CACHE_H

#include "base/spool.h"

struct sender_cache;

/* Pages are kept in store, which stays the caller's. NULL and err filled: there is no memory. */
struct sender_cache *sender_cache_new(struct spool *store, struct cls_error *err);
void sender_cache_free(struct sender_cache *cache);

/* The pfn has become a page table, which is never cached: its slot is the next to be taken. */
void sender_cache_drop(struct sender_cache *cache, uint32_t pfn);

/* Finds or takes the pfn's slot, which becomes the last used. *cached: it had one before. */
uint32_t sender_cache_use(struct sender_cache *cache, uint32_t pfn, bool *cached);

/* The 4096 bytes that a slot holds. */
bool sender_cache_load(const struct sender_cache *cache, uint32_t slot, uint8_t *page,
                       struct cls_error *err) CLS_MUST_CHECK;
bool sender_cache_store(struct sender_cache *cache, uint32_t slot, const uint8_t *page,
                        struct cls_error *err) CLS_MUST_CHECK;

#endif
