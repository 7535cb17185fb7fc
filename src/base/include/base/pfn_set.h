/*
 * A set of pfns: one bit for each pfn up to the highest one that was added, at most 32 MiB.
 */
#ifndef BASE_PFN_SET_H
#define BASE_PFN_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PFN_SET_MAX (UINT64_C(1) << 28) /* pfns from this on are only counted */

/* Initialise to zero: an empty set. Free with pfn_set_free(). */
struct pfn_set {
    uint8_t *bits;
    size_t size;    /* bytes of bits */
    uint64_t count; /* number of pfns in the set */
    bool no_memory; /* some pfns could not be added */
};

/* Is the pfn in the set? False for pfns from PFN_SET_MAX on. */
static inline bool pfn_set_has(const struct pfn_set *set, uint64_t pfn)
{
    return pfn / 8 < set->size && set->bits[pfn / 8] >> pfn % 8 & 1;
}

/* Makes room for the pfn; counts it if it is not below PFN_SET_MAX. Returns false: no memory. */
bool pfn_set_grow(struct pfn_set *set, uint64_t pfn);

/*
 * Adds the pfn. Returns false if there is no memory. Inline, because it is called for each page.
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

/* Frees the memory of the set, which is empty then. */
void pfn_set_free(struct pfn_set *set);

#endif
