/*
 * The pages of a batch. The item refers to the input if all pages are wanted and not compressed;
 * otherwise the wanted pages are collected in memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "compressed.h"
#include "reader_internal.h"

static bool reject_entry(const struct legacy_reader *r, uint32_t i, uint32_t entry,
                         struct cls_error *err)
{
    uint64_t value = stream_get_ulong(&r->stream, r->chunk.raw, i);
    uint64_t at = r->chunk.start + 4 + (uint64_t)i * r->stream.width;

    if (!entry_fits_32_bits(value))
        return cls_input_fail(r->stream.in, err, at,
                              "pfn entry 0x%" PRIx64 " does not fit in 32 bits", value);
    if (!page_type_known(entry_type(entry)))
        return cls_input_fail(r->stream.in, err, at, "pfn 0x%" PRIx32 " has invalid page type %u",
                              entry_pfn(entry), entry_type(entry));
    return cls_input_fail(r->stream.in, err, at,
                          "pfn 0x%" PRIx32 " is not below the guest's p2m_size 0x%" PRIx64,
                          entry_pfn(entry), r->stream.p2m_size);
}

/*
 * --compact: is this the last copy of the page among those that were counted (checkpoint.c)? In
 * doubt yes, so that no page gets lost.
 */
static bool is_last_copy(struct legacy_reader *r, uint32_t pfn)
{
    /* 0: more copies than 32 bits can count, or the input has changed since. */
    if (r->copies_left[pfn] == 0)
        return !r->stream.verify;
    return --r->copies_left[pfn] == 0;
}

/* Does this copy of the page belong in the output? */
static bool is_wanted(struct legacy_reader *r, uint32_t entry)
{
    if (r->options.leave_out && pfn_set_has(r->options.leave_out, entry_pfn(entry)))
        return false;
    return !r->copies_left || !page_type_has_data(entry_type(entry)) ||
           is_last_copy(r, entry_pfn(entry));
}

/* Stores all entries but those of type XTAB in r->entries and r->wanted. *all: all are wanted. */
static bool take_entries(struct legacy_reader *r, uint32_t *kept, bool *all, struct cls_error *err)
{
    *kept = 0;
    *all = true;
    for (uint32_t i = 0; i < r->chunk.entries; i++) {
        uint32_t entry;
        bool wanted;

        if (!chunk_entry(&r->stream, &r->chunk, i, &entry))
            return reject_entry(r, i, entry, err);
        /* In streams of Xen 3 the low bits hold a machine frame number. */
        if (entry_type(entry) == PFINFO_XTAB)
            continue;
        wanted = is_wanted(r, entry);
        /* HVM streams have no list of unmapped pfns. */
        if (wanted && r->stream.guest == GUEST_PV && !pfn_set_add(&r->sent, entry_pfn(entry)))
            return cls_fail_errno(err, ENOMEM, "cannot allocate the set of sent pages");
        r->types_seen |= 1u << entry_type(entry);
        r->entries[*kept] = entry;
        r->wanted[(*kept)++] = wanted;
        *all &= wanted;
    }
    r->pages += r->chunk.pages;
    r->pages_without_data += *kept - r->chunk.pages;
    r->entries_dropped += r->chunk.entries - *kept;
    return true;
}

/* Reads the page of an entry. A page that is not wanted may be skipped. */
static bool take_page(struct legacy_reader *r, uint32_t entry, bool wanted, uint8_t *page,
                      struct cls_error *err)
{
    if (stream_is_compressed(&r->stream))
        return compressed_page(r->compressed, entry, page, err);
    if (wanted)
        return cls_input_read(r->stream.in, page, CLS_PAGE_SIZE, "page data", err);
    return cls_input_skip(r->stream.in, CLS_PAGE_SIZE, "page data", err);
}

/* Reduces r->entries to the wanted ones, and reads their pages into r->page_buf. */
static bool collect(struct legacy_reader *r, uint32_t count, uint32_t *kept, uint32_t *pages,
                    struct cls_error *err)
{
    if (!r->page_buf && !(r->page_buf = malloc((size_t)CLS_BATCH_MAX * CLS_PAGE_SIZE)))
        return cls_fail_errno(err, ENOMEM, "cannot allocate a page batch");
    *kept = *pages = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t entry = r->entries[i];

        if (page_type_has_data(entry_type(entry))) {
            uint8_t *page = r->page_buf + (size_t)*pages * CLS_PAGE_SIZE;

            if (!take_page(r, entry, r->wanted[i], page, err))
                return false;
            *pages += r->wanted[i];
        }
        if (r->wanted[i])
            r->entries[(*kept)++] = entry;
    }
    return true;
}

bool read_batch(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    uint32_t kept, pages = r->chunk.pages;
    bool straight;

    if (!take_entries(r, &kept, &straight, err))
        return false;
    straight &= !stream_is_compressed(&r->stream);
    if (!straight && !collect(r, kept, &kept, &pages, err))
        return false;
    if (kept == 0)
        return true;
    item->kind = IMAGE_PAGES;
    item->pages.count = kept;
    item->pages.entries = r->entries;
    if (straight)
        refer_to_input(r, &item->pages.data, (uint64_t)pages * CLS_PAGE_SIZE);
    else
        item->pages.data =
            (struct image_data){.len = (uint64_t)pages * CLS_PAGE_SIZE, .bytes = r->page_buf};
    return true;
}
