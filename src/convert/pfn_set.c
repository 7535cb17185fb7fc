#include "convert/pfn_set.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ALLOCATION 4096

/* Room for this byte: the double until it is enough, so that little is needed for a small guest. */
static bool make_room(struct pfn_set *set, uint64_t byte)
{
    size_t size = set->size ? set->size : FIRST_ALLOCATION;
    uint8_t *bits;

    if (byte < set->size)
        return true;
    while (size <= byte)
        size *= 2;
    bits = calloc(1, size);
    if (!bits)
        return false;
    if (set->bits)
        memcpy(bits, set->bits, set->size);
    free(set->bits);
    set->bits = bits;
    set->size = size;
    return true;
}

bool pfn_set_add(struct pfn_set *set, uint64_t pfn)
{
    uint8_t bit = (uint8_t)(1 << pfn % 8);
    bool before;

    if (pfn >= PFN_SET_MAX)
        return false;
    if (!make_room(set, pfn / 8)) {
        set->no_memory = true;
        return false;
    }
    before = set->bits[pfn / 8] & bit;
    set->bits[pfn / 8] |= bit;
    return before;
}
