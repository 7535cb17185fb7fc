/*
 * Pages: how many of which type, and how often the saver came back to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/page_type.h"
#include "inspect_model.h"

#define FIRST_ALLOCATION 4096

/* Room for this bit: the double until it is enough, so that little is needed for a small guest. */
static bool make_room(struct inspect_pages *pages, uint64_t byte)
{
    size_t size = pages->seen_size ? pages->seen_size : FIRST_ALLOCATION;
    uint8_t *seen;

    if (byte < pages->seen_size)
        return true;
    while (size <= byte)
        size *= 2;
    seen = calloc(1, size);
    if (!seen)
        return false;
    if (pages->seen)
        memcpy(seen, pages->seen, pages->seen_size);
    free(pages->seen);
    pages->seen = seen;
    pages->seen_size = size;
    return true;
}

static bool seen_before(struct inspect_pages *pages, uint64_t pfn)
{
    uint8_t bit = (uint8_t)(1 << pfn % 8);
    bool before;

    if (pfn >= INSPECT_PFNS_MAX)
        return false;
    if (!make_room(pages, pfn / 8)) {
        pages->no_memory = true;
        return false;
    }
    before = pages->seen[pfn / 8] & bit;
    pages->seen[pfn / 8] |= bit;
    return before;
}

void inspect_page(void *ctx, unsigned type, uint64_t pfn)
{
    struct inspection *inspection = ctx;
    struct inspect_pages *pages = &inspection->pages;

    pages->entries[type]++;
    if (type == PFINFO_XTAB)
        return;
    if (pages->mapped++ == 0 || pfn <= pages->last_pfn)
        pages->passes++;
    pages->last_pfn = pfn;
    if (!seen_before(pages, pfn))
        pages->distinct++;
}
