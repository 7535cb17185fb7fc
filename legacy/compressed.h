/*
 * The pages of a compressed checkpoint (Remus). Its batches hold pfn entries only. The pages,
 * encoded against the content of the sender's cache (legacy/delta.h), are in chunks of compressed
 * data anywhere in the same body: the k-th entry with content has the k-th page of all these chunks
 * together. The sender compresses up to 8192 pages at a time, a group.
 */
#ifndef LEGACY_COMPRESSED_H
#define LEGACY_COMPRESSED_H

#include "base/spool.h"
#include "stream.h"

struct compressed;

/* store gets the pages of the sender's cache. NULL and err filled when there is no memory. */
struct compressed *compressed_new(struct spool *store, struct cls_error *err);
void compressed_free(struct compressed *c);

/*
 * Begins a compressed body: the stream, in a file, is at its first byte. The body is read by
 * further cursors; the stream's own stays where it is.
 */
void compressed_begin(struct compressed *c, const struct legacy_stream *stream);

/* Decodes the next page, which is that of this entry. */
bool compressed_page(struct compressed *c, uint32_t entry, uint8_t *page,
                     struct cls_error *err) CLS_MUST_CHECK;

/* At the end of the body: fails if there is data behind the last page. */
bool compressed_end(struct compressed *c, struct cls_error *err) CLS_MUST_CHECK;

/*
 * sender_cache.c emulates the page cache of a sender that compresses checkpoints (Remus). The
 * sender encodes each page as a delta to the content in its cache (get_cache_page() and
 * invalidate_cache_page() in tools/libxc/xc_compression.c of Xen 4.2 to 4.5).
 *
 * The cache has 8192 slots, which contain zeros at first. A page that is not in the cache gets the
 * least recently used slot. The old content of the slot remains until the page is stored there.
 */
#define SENDER_CACHE_SLOTS 8192 /* DELTA_CACHE_SIZE in xc_compression.c */

struct sender_cache {
    struct spool *store;
    uint32_t chains[SENDER_CACHE_SLOTS]; /* of slots, by pfn */
    struct sender_cache_slot {
        uint32_t pfn;
        bool used;             /* it belongs to pfn */
        bool written;          /* false: it holds zeros */
        uint32_t newer, older; /* a ring by last use; the additional slot closes it */
        uint32_t next;         /* in the chain of its pfn */
    } slots[SENDER_CACHE_SLOTS + 1];
};

/* An empty cache. Pages are kept in store, which stays the caller's. */
void sender_cache_init(struct sender_cache *cache, struct spool *store);

/* The pfn became a page table, which is never cached: its slot is the next to be reused. */
void sender_cache_drop(struct sender_cache *cache, uint32_t pfn);

/* Finds or assigns the pfn's slot, which becomes the most recently used. *cached: it had one. */
uint32_t sender_cache_use(struct sender_cache *cache, uint32_t pfn, bool *cached);

/* The 4096 bytes that a slot holds. */
bool sender_cache_load(const struct sender_cache *cache, uint32_t slot, uint8_t *page,
                       struct cls_error *err) CLS_MUST_CHECK;
bool sender_cache_store(struct sender_cache *cache, uint32_t slot, const uint8_t *page,
                        struct cls_error *err) CLS_MUST_CHECK;

#endif
