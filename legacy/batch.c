/*
 * The pages of a batch. They are referred to where they lie next in the input if all are wanted;
 * else, or if they are compressed, they are put together in memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "compact.h"
#include "compressed.h"
#include "reader_internal.h"

static bool blame_entry(const struct legacy_reader *r, uint32_t i, enum entry_fault fault,
                        uint32_t entry, struct cls_error *err)
{
    unsigned width = r->stream.width;
    uint64_t at = r->chunk.start + 4 + (uint64_t)i * width;

    switch (fault) {
    case ENTRY_TOO_WIDE:
        return cls_input_fail(r->in, err, at, "pfn entry 0x%" PRIx64 " does not fit in 32 bits",
                              stream_get_ulong(&r->stream, r->chunk.raw, i));
    case ENTRY_BOGUS_TYPE:
        return cls_input_fail(r->in, err, at, "pfn 0x%" PRIx32 " has invalid page type %u",
                              entry_pfn(entry), entry_type(entry));
    default:
        return cls_input_fail(r->in, err, at,
                              "pfn 0x%" PRIx32 " is not below the guest's p2m_size 0x%" PRIx64,
                              entry_pfn(entry), r->stream.p2m_size);
    }
}

/* Is this occurrence of the entry to be in the output? */
static bool is_wanted(struct legacy_reader *r, uint32_t entry)
{
    if (r->options.leave_out && pfn_set_has(r->options.leave_out, entry_pfn(entry)))
        return false;
    return !r->compact || !page_type_has_data(entry_type(entry)) ||
           compact_is_last(r->compact, entry_pfn(entry), r->stream.verify);
}

/* PV only: HVM streams have no list of unmapped pfns. */
static bool note_sent(struct legacy_reader *r, uint32_t entry, struct cls_error *err)
{
    return r->stream.guest != GUEST_PV || pfn_set_add(&r->sent, entry_pfn(entry)) ||
           cls_fail_errno(err, ENOMEM, "cannot allocate the set of sent pages");
}

static bool take_entry(struct legacy_reader *r, uint32_t entry, bool wanted, struct cls_error *err)
{
    unsigned type = entry_type(entry);
    bool has_data = page_type_has_data(type);

    r->l2_seen |= has_data && (type & PFINFO_LTABTYPE_MASK) == PFINFO_L2TAB;
    r->l3_seen |= has_data && (type & PFINFO_LTABTYPE_MASK) == PFINFO_L3TAB;
    *(has_data ? &r->pages : &r->pages_without_data) += 1;
    return !wanted || note_sent(r, entry, err);
}

/* Leaves the entries but those of type XTAB in r->entries and r->wanted; *all: all are wanted. */
static bool take_entries(struct legacy_reader *r, uint32_t *kept, bool *all, struct cls_error *err)
{
    *kept = 0;
    *all = true;
    for (uint32_t i = 0; i < r->chunk.entries; i++) {
        enum entry_fault fault;
        uint32_t entry;
        bool wanted;

        fault = chunk_entry(&r->stream, &r->chunk, i, &entry);
        if (fault != ENTRY_SOUND)
            return blame_entry(r, i, fault, entry, err);
        /* Its low bits hold a machine frame number in streams of Xen 3. */
        if (entry_type(entry) == PFINFO_XTAB)
            continue;
        wanted = is_wanted(r, entry);
        if (!take_entry(r, entry, wanted, err))
            return false;
        r->entries[*kept] = entry;
        r->wanted[(*kept)++] = wanted;
        *all &= wanted;
    }
    r->entries_dropped += r->chunk.entries - *kept;
    return true;
}

/* The page of an entry, wanted or not. */
static bool take_page(struct legacy_reader *r, uint32_t entry, bool wanted, uint8_t *page,
                      struct cls_error *err)
{
    if (stream_is_compressed(&r->stream))
        return compressed_page(r->compressed, entry, page, err);
    if (wanted)
        return cls_input_read(r->in, page, CLS_PAGE_SIZE, "page data", err);
    return cls_input_skip(r->in, CLS_PAGE_SIZE, "page data", err);
}

/* Leaves the wanted of count entries in r->entries, and their pages in r->page_buf. */
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

enum step read_batch(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    uint32_t kept, pages = r->chunk.pages;
    bool straight;

    if (!take_entries(r, &kept, &straight, err))
        return STEP_FAILED;
    straight &= !stream_is_compressed(&r->stream);
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
