#include "sender_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/image.h"

#define SLOTS  8192 /* DELTA_CACHE_SIZE in xc_compression.c */
#define NONE   SLOTS
#define CHAINS 8192 /* of slots by pfn */

struct slot {
    uint32_t pfn;
    bool used;             /* it is pfn's */
    bool written;          /* else it holds zeros */
    uint32_t newer, older; /* by last use; NONE at the ends */
    uint32_t next;         /* in the chain of its pfn */
};

struct sender_cache {
    struct spool *store;
    uint32_t newest, oldest;
    uint32_t chains[CHAINS];
    struct slot slots[SLOTS];
};

struct sender_cache *sender_cache_new(struct spool *store, struct cls_error *err)
{
    struct sender_cache *c = calloc(1, sizeof(*c));

    if (!c) {
        cls_fail_errno(err, ENOMEM, "cannot allocate buffers for decompression");
        return NULL;
    }
    c->store = store;
    for (uint32_t i = 0; i < SLOTS; i++)
        c->slots[i] = (struct slot){.newer = i == 0 ? NONE : i - 1, .older = i + 1};
    c->oldest = SLOTS - 1;
    for (uint32_t i = 0; i < CHAINS; i++)
        c->chains[i] = NONE;
    return c;
}

void sender_cache_free(struct sender_cache *c)
{
    free(c);
}

/* Where the number of pfn's slot is kept, or would be: NONE ends the chain. */
static uint32_t *find(struct sender_cache *c, uint32_t pfn)
{
    uint32_t *at = &c->chains[pfn % CHAINS];

    while (*at != NONE && c->slots[*at].pfn != pfn)
        at = &c->slots[*at].next;
    return at;
}

static void forget_pfn(struct sender_cache *c, uint32_t slot)
{
    if (!c->slots[slot].used)
        return;
    *find(c, c->slots[slot].pfn) = c->slots[slot].next;
    c->slots[slot].used = false;
}

static void unlink_slot(struct sender_cache *c, uint32_t slot)
{
    const struct slot *s = &c->slots[slot];

    *(s->newer == NONE ? &c->newest : &c->slots[s->newer].older) = s->older;
    *(s->older == NONE ? &c->oldest : &c->slots[s->older].newer) = s->newer;
}

static void make_newest(struct sender_cache *c, uint32_t slot)
{
    unlink_slot(c, slot);
    c->slots[slot].newer = NONE;
    c->slots[slot].older = c->newest;
    c->slots[c->newest].newer = slot;
    c->newest = slot;
}

static void make_oldest(struct sender_cache *c, uint32_t slot)
{
    unlink_slot(c, slot);
    c->slots[slot].older = NONE;
    c->slots[slot].newer = c->oldest;
    c->slots[c->oldest].older = slot;
    c->oldest = slot;
}

void sender_cache_drop(struct sender_cache *c, uint32_t pfn)
{
    uint32_t slot = *find(c, pfn);

    if (slot == NONE)
        return;
    forget_pfn(c, slot);
    make_oldest(c, slot);
}

uint32_t sender_cache_use(struct sender_cache *c, uint32_t pfn, bool *cached)
{
    uint32_t slot = *find(c, pfn);

    *cached = slot != NONE;
    if (!*cached) {
        slot = c->oldest;
        forget_pfn(c, slot);
        c->slots[slot].pfn = pfn;
        c->slots[slot].used = true;
        c->slots[slot].next = NONE;
        *find(c, pfn) = slot;
    }
    make_newest(c, slot);
    return slot;
}

bool sender_cache_load(const struct sender_cache *c, uint32_t slot, uint8_t *page,
                       struct cls_error *err)
{
    if (c->slots[slot].written)
        return spool_get(c->store, (uint64_t)slot * CLS_PAGE_SIZE, page, CLS_PAGE_SIZE, err);
    memset(page, 0, CLS_PAGE_SIZE);
    return true;
}

bool sender_cache_store(struct sender_cache *c, uint32_t slot, const uint8_t *page,
                        struct cls_error *err)
{
    c->slots[slot].written = true;
    return spool_put(c->store, (uint64_t)slot * CLS_PAGE_SIZE, page, CLS_PAGE_SIZE, err);
}
