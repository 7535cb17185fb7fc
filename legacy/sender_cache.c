#include "compressed.h"

#include <string.h>

#include "base/image.h"

#define NONE                                                                                       \
    SENDER_CACHE_SLOTS /* ends a chain; in the ring, it is between the oldest and the newest slot  \
                        */

void sender_cache_init(struct sender_cache *c, struct spool *store)
{
    memset(c, 0, sizeof(*c));
    c->store = store;
    for (uint32_t i = 0; i <= NONE; i++) {
        c->slots[i].newer = i == 0 ? NONE : i - 1;
        c->slots[i].older = i == NONE ? 0 : i + 1;
        c->chains[i % NONE] = NONE;
    }
}

/* The link to pfn's slot; at the end of its chain, which is NONE, if it has none. */
static uint32_t *find(struct sender_cache *c, uint32_t pfn)
{
    uint32_t *at = &c->chains[pfn % SENDER_CACHE_SLOTS];

    while (*at != NONE && c->slots[*at].pfn != pfn)
        at = &c->slots[*at].next;
    return at;
}

static void forget_pfn(struct sender_cache *c, uint32_t slot)
{
    if (c->slots[slot].used)
        *find(c, c->slots[slot].pfn) = c->slots[slot].next;
    c->slots[slot].used = false;
}

static void move(struct sender_cache *c, uint32_t slot, bool to_oldest)
{
    struct sender_cache_slot *s = &c->slots[slot];

    c->slots[s->newer].older = s->older;
    c->slots[s->older].newer = s->newer;
    s->newer = to_oldest ? c->slots[NONE].newer : NONE;
    s->older = c->slots[s->newer].older;
    c->slots[s->newer].older = c->slots[s->older].newer = slot;
}

void sender_cache_drop(struct sender_cache *c, uint32_t pfn)
{
    uint32_t slot = *find(c, pfn);

    if (slot == NONE)
        return;
    forget_pfn(c, slot);
    move(c, slot, true);
}

uint32_t sender_cache_use(struct sender_cache *c, uint32_t pfn, bool *cached)
{
    uint32_t slot = *find(c, pfn);

    *cached = slot != NONE;
    if (!*cached) {
        slot = c->slots[NONE].newer;
        forget_pfn(c, slot);
        c->slots[slot].pfn = pfn;
        c->slots[slot].used = true;
        c->slots[slot].next = NONE;
        *find(c, pfn) = slot;
    }
    move(c, slot, false);
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
