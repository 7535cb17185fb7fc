/*
 * A set of pfns, one bit for each up to the highest that was added: 32 MiB at most.
 */
#ifndef BASE_PFN_SET_H
#define BASE_PFN_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PFN_SET_MAX (UINT64_C(1) << 28) /* higher pfns are only counted */

/* Start with all zero: an empty set. */
struct pfn_set {
    uint8_t *bits;
    size_t size;    /* bytes of bits */
    uint64_t count; /* pfns in the set */
    bool no_memory; /* for some that were added */
};

static inline bool pfn_set_has(const struct pfn_set *set, uint64_t pfn)
{
    return pfn / 8 < set->size && set->bits[pfn / 8] >> pfn % 8 & 1;
}

/* Room for a pfn below PFN_SET_MAX; one from there on is counted. false where there is no memory.
 */
bool pfn_set_grow(struct pfn_set *set, uint64_t pfn);

/* Adding a pfn again changes nothing. false where there is no memory. In line: once for each page.
 */
static inline bool pfn_set_add(struct pfn_set *set, uint64_t pfn)
{
    uint8_t bit = (uint8_t)(1 << pfn % 8);

    if (pfn / 8 >= set->size && !pfn_set_grow(set, pfn))
        return false;
    if (pfn < PFN_SET_MAX) {
        set->count += !(set->bits[pfn / 8] & bit);
        set->bits[pfn / 8] |= bit;
    }
    return true;
}

/* Empties the set and frees what it holds. */
void pfn_set_free(struct pfn_set *set);

#endif
