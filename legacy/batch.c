/*
 * A page batch: pfn entries, then their pages. Pages are referred to where they lie next in the
 * input as they are wanted; else, if they are compressed or only some are wanted, they are put
 * together in memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/page_type.h"
#include "compact.h"
#include "compressed.h"
#include "reader_internal.h"

static unsigned type_of(uint64_t entry)
{
    return entry >> 28 & 0xf;
}

/* Checks an entry that is kept, and counts it. */
static bool take_entry(struct legacy_reader *r, uint64_t offset, uint64_t entry, uint32_t *pages,
                       struct cls_error *err)
{
    unsigned type = type_of(entry);
    uint32_t pfn = entry & P2M_SIZE_MAX;

    if (entry > UINT32_MAX)
        return cls_input_fail(r->in, err, offset, "pfn entry 0x%" PRIx64 " does not fit 32 bits",
                              entry);
    if (!page_type_known(type))
        return cls_input_fail(r->in, err, offset, "pfn 0x%" PRIx32 " has bogus page type %u", pfn,
                              type);
    if (pfn >= r->p2m_size)
        return cls_input_fail(r->in, err, offset,
                              "pfn 0x%" PRIx32 " lies beyond the guest's p2m_size 0x%" PRIx64, pfn,
                              r->p2m_size);
    r->body.l2_seen |= (type & PFINFO_LTABTYPE_MASK) == PFINFO_L2TAB && page_type_has_data(type);
    r->body.l3_seen |= (type & PFINFO_LTABTYPE_MASK) == PFINFO_L3TAB && page_type_has_data(type);
    if (page_type_has_data(type))
        ++*pages;
    return true;
}

/* Puts the entries to be kept into r->entries. */
static bool take_entries(struct legacy_reader *r, uint64_t start, uint32_t count, uint32_t *kept,
                         uint32_t *pages, struct cls_error *err)
{
    unsigned width = r->options.width;

    *kept = *pages = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t entry = get_ulong(r, r->raw, i);

        /* Its low bits hold a machine frame number in streams of Xen 3. */
        if (type_of(entry) == PFINFO_XTAB)
            continue;
        if (!take_entry(r, start + (uint64_t)i * width, entry, pages, err))
            return false;
        r->entries[(*kept)++] = (uint32_t)entry;
    }
    r->body.pages += *pages;
    r->body.pages_without_data += *kept - *pages;
    r->body.entries_dropped += count - *kept;
    return true;
}

/*
 * What can't be told yet to be part of a complete checkpoint is only measured. As in the restore
 * code, bogus entries are an error when they are applied, not before.
 */
static enum step look_at_batch(struct legacy_reader *r, uint32_t count, struct cls_error *err)
{
    uint32_t pages = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t entry = get_ulong(r, r->raw, i);
        unsigned type = type_of(entry);

        if (!page_type_has_data(type)) {
            r->body.pages_without_data += type != PFINFO_XTAB;
            continue;
        }
        pages++;
        if (r->counting)
            compact_count(r->compact, entry & P2M_SIZE_MAX, r->body.verify);
    }
    r->body.pages += pages;
    if (!is_compressed(r) &&
        !cls_input_skip(r->in, (uint64_t)pages * CLS_PAGE_SIZE, "page data", err))
        return STEP_FAILED;
    return STEP_AGAIN;
}

/* Fills r->last for the entries; true if all are wanted. */
static bool find_last(struct legacy_reader *r, uint32_t count)
{
    bool all = true;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t entry = r->entries[i];

        r->last[i] = !r->compact || !page_type_has_data(type_of(entry)) ||
                     compact_is_last(r->compact, entry & P2M_SIZE_MAX, r->body.verify);
        all &= r->last[i];
    }
    return all;
}

/* The page of an entry, wanted or not. */
static bool take_page(struct legacy_reader *r, uint32_t pfn, bool wanted, uint8_t *page,
                      struct cls_error *err)
{
    if (is_compressed(r))
        return compressed_page(r, pfn, page, err);
    if (wanted)
        return cls_input_read(r->in, page, CLS_PAGE_SIZE, "page data", err);
    return cls_input_skip(r->in, CLS_PAGE_SIZE, "page data", err);
}

/* Leaves the wanted of count entries in r->entries, and their pages in r->page_buf. */
static bool collect(struct legacy_reader *r, uint32_t count, uint32_t *kept, uint32_t *pages,
                    struct cls_error *err)
{
    if (!r->page_buf && !(r->page_buf = malloc((size_t)CLS_BATCH_MAX * CLS_PAGE_SIZE)))
        return cls_fail_errno(err, ENOMEM, "cannot hold a page batch");
    *kept = *pages = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t entry = r->entries[i];

        if (page_type_has_data(type_of(entry))) {
            uint8_t *page = r->page_buf + (size_t)*pages * CLS_PAGE_SIZE;

            if (!take_page(r, entry & P2M_SIZE_MAX, r->last[i], page, err))
                return false;
            *pages += r->last[i];
        }
        if (r->last[i])
            r->entries[(*kept)++] = entry;
    }
    return true;
}

enum step read_batch(struct legacy_reader *r, uint32_t count, struct image_item *item,
                     struct cls_error *err)
{
    uint64_t start = r->in->offset;
    uint32_t kept, pages;
    bool straight;

    cls_input_at(r->in, "page batch", (int64_t)++r->body.batches, NULL);
    if (!cls_input_read(r->in, r->raw, (size_t)count * r->options.width, "pfn entries", err))
        return STEP_FAILED;
    if (r->looking)
        return look_at_batch(r, count, err);
    if (!take_entries(r, start, count, &kept, &pages, err))
        return STEP_FAILED;
    straight = find_last(r, kept) && !is_compressed(r);
    if (!straight && !collect(r, kept, &kept, &pages, err))
        return STEP_FAILED;
    if (kept == 0)
        return STEP_AGAIN;
    item->kind = IMAGE_PAGES;
    item->pages.count = kept;
    item->pages.entries = r->entries;
    if (straight)
        refer_to_input(r, &item->pages.data, (uint64_t)pages * CLS_PAGE_SIZE);
    else
        item->pages.data =
            (struct image_data){.len = (uint64_t)pages * CLS_PAGE_SIZE, .bytes = r->page_buf};
    return STEP_ITEM;
}
