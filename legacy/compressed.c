#include "compressed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "legacy/delta.h"

#define WINDOW_SIZE ((size_t)64 * 1024) /* far more than an encoded page can take */
#define GROUP_SIZE  8192                /* PAGE_BUFFER_SIZE in xc_compression.c */

/* Goes from chunk to chunk of a body. */
struct cursor {
    struct cls_input in;
    struct legacy_stream stream;
    struct chunk chunk;
    uint64_t left; /* bytes of its bulk that were not consumed yet */
};

struct compressed {
    struct sender_cache cache;
    struct cursor data;    /* at the current chunk of compressed data */
    struct cursor entries; /* at the last batch of the group */
    uint32_t entry;        /* index of its next entry */
    uint32_t group_left;   /* pages of the group that were not decoded yet */
    bool group_begins;     /* the next page is the first of its group */
    bool chunk_begins;     /* the next page is the first of its chunk of data */
    size_t begin,
        end;       /* the bytes of the window that were not decoded yet, of one or more chunks */
    uint64_t edge; /* offset in the input behind the window's last byte */
    uint8_t window[WINDOW_SIZE];
};

struct compressed *compressed_new(struct spool *store, struct cls_error *err)
{
    struct compressed *c = calloc(1, sizeof(*c));

    if (c)
        sender_cache_init(&c->cache, store);
    else
        cls_fail_errno(err, ENOMEM, "cannot allocate buffers for decompression");
    return c;
}

void compressed_free(struct compressed *c)
{
    if (!c)
        return;
    cls_input_release(&c->data.in);
    cls_input_release(&c->entries.in);
    free(c);
}

static void cursor_begin(struct cursor *cursor, const struct legacy_stream *stream)
{
    const struct cls_input *in = stream->in;

    cls_input_release(&cursor->in);
    cls_input_init_at(&cursor->in, in->fd, in->name, in->offset, in->watch);
    cursor->stream = *stream;
    cursor->stream.in = &cursor->in;
    cursor->chunk = (struct chunk){0};
    cursor->left = 0;
}

/* The next chunk without its bulk. */
static bool cursor_next(struct cursor *cursor, struct cls_error *err)
{
    if (!cls_input_skip(&cursor->in, cursor->left, "data", err) ||
        !chunk_read(&cursor->stream, &cursor->chunk, err))
        return false;
    cursor->left = cursor->chunk.bulk;
    return true;
}

void compressed_begin(struct compressed *c, const struct legacy_stream *stream)
{
    cursor_begin(&c->data, stream);
    cursor_begin(&c->entries, stream);
    c->entry = c->group_left = 0;
    c->begin = c->end = 0;
    c->edge = stream->in->offset;
}

static bool is_page_table(uint32_t entry)
{
    unsigned type = entry_type(entry) & PFINFO_LTABTYPE_MASK;

    return type >= PFINFO_L1TAB && type <= PFINFO_L4TAB;
}

/* The sender dropped the page tables of a whole group from its cache before it encoded any page. */
static bool begin_group(struct compressed *c, struct cls_error *err)
{
    struct cursor *at = &c->entries;
    uint32_t entry;

    c->group_begins = true;
    while (c->group_left < GROUP_SIZE && !chunk_ends_body(&at->chunk)) {
        if (c->entry >= at->chunk.entries) {
            c->entry = 0;
            if (!cursor_next(at, err))
                return false;
            continue;
        }
        (void)chunk_entry(&at->stream, &at->chunk, c->entry++, &entry);
        if (!page_type_has_data(entry_type(entry)))
            continue;
        c->group_left++;
        if (is_page_table(entry))
            sender_cache_drop(&c->cache, entry_pfn(entry));
    }
    return true;
}

static bool holds_data(const struct cursor *at)
{
    return at->left > 0 && at->chunk.type && at->chunk.type->id == XC_SAVE_ID_COMPRESSED_DATA;
}

/* Reads data into the window. *got: how many bytes; 0 at the end of the data. */
static bool read_more(struct compressed *c, size_t *got, struct cls_error *err)
{
    size_t have = c->end - c->begin, want = WINDOW_SIZE - have;
    struct cursor *at = &c->data;

    while (!holds_data(at) && !chunk_ends_body(&at->chunk)) {
        if (!cursor_next(at, err))
            return false;
        c->chunk_begins = have == 0;
    }
    memmove(c->window, c->window + c->begin, have);
    if (want > at->left)
        want = (size_t)at->left;
    cls_input_at(&at->in, "compressed data", -1, NULL);
    if (!cls_input_read(&at->in, c->window + have, want, "compressed data", err))
        return false;
    if (want > 0)
        c->edge = at->in.offset;
    at->left -= want;
    c->begin = 0;
    c->end = have + want;
    *got = want;
    return true;
}

/* Offset in the input of the next encoded page. */
static uint64_t code_start(const struct compressed *c)
{
    return c->edge - (c->end - c->begin);
}

/*
 * Loads the content that the page is encoded against. A page that is not in the cache is sent in
 * full, with one exception: where it did not fit in the sender's output buffer, it had its slot
 * already when it was encoded again, as the first page of the next chunk. Then it is encoded
 * against the old content of that slot.
 */
static bool load_old(struct compressed *c, uint32_t entry, uint32_t *slot, uint8_t *page,
                     struct cls_error *err)
{
    bool retried = c->chunk_begins && !c->group_begins, cached = false;
    bool whole = c->window[c->begin] == DELTA_WHOLE, table = is_page_table(entry);

    if (!table)
        *slot = sender_cache_use(&c->cache, entry_pfn(entry), &cached);
    if (whole)
        return true;
    if (table || (!cached && !retried))
        return cls_input_fail(&c->data.in, err, code_start(c),
                              "pfn 0x%" PRIx32 " is delta-encoded, but %s", entry_pfn(entry),
                              table ? "page tables are always sent in full"
                                    : "the sender's cache does not hold the page");
    return sender_cache_load(&c->cache, *slot, page, err);
}

/* A page may continue in the next chunk, though no saver is known to split one. */
static bool decode(struct compressed *c, uint32_t pfn, uint8_t *page, struct cls_error *err)
{
    enum delta_result result;
    size_t used, got = 1;

    while ((result = delta_apply(page, c->window + c->begin, c->end - c->begin, &used)) ==
               DELTA_SHORT &&
           got > 0)
        if (!read_more(c, &got, err))
            return false;
    if (result != DELTA_DONE)
        return cls_input_fail(
            &c->data.in, err, code_start(c) + used, "compressed data of pfn 0x%" PRIx32 " %s", pfn,
            result == DELTA_NO_RUN    ? "has a run of length 0"
            : result == DELTA_OVERRUN ? "has a run that crosses the end of the page"
                                      : "ends before the page is complete");
    c->begin += used;
    return true;
}

bool compressed_page(struct compressed *c, uint32_t entry, uint8_t *page, struct cls_error *err)
{
    size_t got = 1;
    uint32_t slot = 0;

    if (c->group_left == 0 && !begin_group(c, err))
        return false;
    if (c->begin == c->end && !read_more(c, &got, err))
        return false;
    if (got == 0)
        return cls_input_fail(&c->data.in, err, code_start(c),
                              "compressed data ends before pfn 0x%" PRIx32, entry_pfn(entry));
    if (!load_old(c, entry, &slot, page, err) || !decode(c, entry_pfn(entry), page, err))
        return false;
    c->group_left--;
    c->chunk_begins = c->group_begins = false;
    return is_page_table(entry) || sender_cache_store(&c->cache, slot, page, err);
}

bool compressed_end(struct compressed *c, struct cls_error *err)
{
    size_t got = 1;

    if (c->begin == c->end && !read_more(c, &got, err))
        return false;
    return got == 0 || cls_input_fail(&c->data.in, err, code_start(c),
                                      "compressed data continues after the last page");
}
