#include "base/pfn_set.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ALLOCATION 4096

/* Doubles the size: a small guest takes little memory, and adding takes linear time. */
static bool make_room(struct pfn_set *set, uint64_t byte)
{
    size_t size = set->size ? set->size : FIRST_ALLOCATION;
    uint8_t *bits;

    if (byte < set->size)
        return true;
    while (size <= byte)
        size *= 2;
    bits = realloc(set->bits, size);
    if (!bits)
        return false;
    memset(bits + set->size, 0, size - set->size);
    set->bits = bits;
    set->size = size;
    return true;
}

bool pfn_set_grow(struct pfn_set *set, uint64_t pfn)
{
    if (pfn >= PFN_SET_MAX) {
        set->count++;
        return true;
    }
    set->no_memory |= !make_room(set, pfn / 8);
    return pfn / 8 < set->size;
}

void pfn_set_free(struct pfn_set *set)
{
    free(set->bits);
    *set = (struct pfn_set){0};
}
