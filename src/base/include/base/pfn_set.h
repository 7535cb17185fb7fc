/*
 * A set of pfns, one bit for each up to the highest that was added: 32 MiB at most.
 */
#ifndef BASE_PFN_SET_H
#define BASE_PFN_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PFN_SET_MAX (UINT64_C(1) << 28) /* higher pfns are counted, but not kept */

/* Start with all zero: an empty set. */
struct pfn_set {
    uint8_t *bits;
    size_t size;    /* bytes of bits */
    uint64_t count; /* pfns in the set */
    bool no_memory; /* for some that were added */
};

/* Adding a pfn again changes nothing. false where there is no memory. */
bool pfn_set_add(struct pfn_set *set, uint64_t pfn);

bool pfn_set_has(const struct pfn_set *set, uint64_t pfn);

/* Empties the set and frees what it holds. */
void pfn_set_free(struct pfn_set *set);

#endif
