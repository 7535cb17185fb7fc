/*
 * Pages: how many of which type, and how often the saver came back to the same.
 */
#include "base/page_type.h"
#include "inspect_model.h"

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
    (void)pfn_set_add(&pages->seen, pfn);
    pages->distinct = pages->seen.count;
}
