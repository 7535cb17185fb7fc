#include "compressed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "legacy/delta.h"
#include "reader_internal.h"

#define WINDOW_SIZE ((size_t)64 * 1024) /* far more than a coded page can take */

struct compressed {
    struct legacy_reader *finder; /* walks the body for chunks of compressed data */
    struct cls_input in;          /* its input: the same fd as the reader's */
    /*
     * Pages of compressed bodies lie in the store, each at its pfn's place. Savers code a page
     * against what a compressed body sent, never against the plain first one: their cache starts
     * empty (xc_compression.c, get_cache_page()).
     */
    struct spool *store;
    uint8_t *stored;   /* a bit for each pfn */
    size_t begin, end; /* of what is not used yet of the window: bytes of one chunk */
    uint64_t edge;     /* offset in the input behind the window's last byte */
    uint8_t window[WINDOW_SIZE];
};

void compressed_free(struct compressed *c)
{
    if (!c)
        return;
    legacy_reader_free(c->finder);
    cls_input_release(&c->in);
    free(c->stored);
    free(c);
}

static bool make(struct legacy_reader *r, struct cls_error *err)
{
    struct compressed *c = calloc(1, sizeof(*c));

    r->compressed = c;
    if (!c || !(c->stored = calloc(1, (size_t)r->p2m_size / 8 + 1)))
        return cls_fail_errno(err, ENOMEM, "cannot decompress pages");
    c->store = r->options.store;
    c->finder = legacy_reader_new(&c->in, &r->options, NULL, err);
    return c->finder;
}

bool compressed_begin(struct legacy_reader *r, struct cls_error *err)
{
    struct compressed *c;

    if (!r->compressed && !make(r, err))
        return false;
    c = r->compressed;
    cls_input_release(&c->in);
    cls_input_init(&c->in, r->in->fd, r->in->name, r->in->offset, r->in->watch);
    c->begin = c->end = 0;
    c->edge = c->in.offset;
    c->finder->p2m_size = r->p2m_size;
    c->finder->body = r->body;
    c->finder->body.toolstack = (struct toolstack_blob){0}; /* never touched while looking */
    c->finder->looking = c->finder->finds_data = true;
    c->finder->phase = PHASE_BODY;
    c->finder->compressed_left = 0;
    return true;
}

/* Goes on to the next chunk of compressed data, if there is one. */
static bool find_chunk(struct compressed *c, struct cls_error *err)
{
    struct image_item item;

    while (c->finder->compressed_left == 0 && c->finder->phase == PHASE_BODY)
        if (read_chunk(c->finder, &item, err) == STEP_FAILED)
            return false;
    return true;
}

/* *got: how many bytes came to what is in the window; 0: there are no more. */
static bool read_more(struct compressed *c, size_t *got, struct cls_error *err)
{
    size_t have = c->end - c->begin, want = WINDOW_SIZE - have;

    memmove(c->window, c->window + c->begin, have);
    c->begin = 0;
    c->end = have;
    *got = 0;
    if (!find_chunk(c, err))
        return false;
    if (want > c->finder->compressed_left)
        want = (size_t)c->finder->compressed_left;
    if (want > 0 && !cls_input_read(&c->in, c->window + have, want, "compressed data", err))
        return false;
    if (want > 0)
        c->edge = c->in.offset;
    c->end += want;
    c->finder->compressed_left -= want;
    *got = want;
    return true;
}

/* As read_more(); the fd is borrowed from the reader, who finds it where it was. */
static bool fetch_more(struct legacy_reader *r, size_t *got, struct cls_error *err)
{
    struct compressed *c = r->compressed;

    return cls_input_seek(&c->in, c->in.offset, err) && read_more(c, got, err) &&
           cls_input_seek(r->in, r->in->offset, err);
}

static bool load(struct legacy_reader *r, uint32_t pfn, uint64_t start, uint8_t *page,
                 struct cls_error *err)
{
    const struct compressed *c = r->compressed;

    if (!(c->stored[pfn / 8] >> pfn % 8 & 1))
        return cls_input_fail(r->in, err, start,
                              "pfn 0x%" PRIx32 " is coded as a change, but no compressed "
                              "checkpoint has sent it before",
                              pfn);
    return spool_get(c->store, (uint64_t)pfn * CLS_PAGE_SIZE, page, CLS_PAGE_SIZE, err);
}

static bool store(struct legacy_reader *r, uint32_t pfn, const uint8_t *page, struct cls_error *err)
{
    struct compressed *c = r->compressed;

    c->stored[pfn / 8] |= (uint8_t)(1 << pfn % 8);
    return spool_put(c->store, (uint64_t)pfn * CLS_PAGE_SIZE, page, CLS_PAGE_SIZE, err);
}

static bool fail_to_apply(const struct legacy_reader *r, uint32_t pfn, enum delta_result result,
                          uint64_t at, struct cls_error *err)
{
    const char *why = result == DELTA_NO_RUN    ? "has a run of length 0"
                      : result == DELTA_OVERRUN ? "has a run over the page's end"
                                                : "ends within the page";

    return cls_input_fail(r->in, err, at, "compressed data of pfn 0x%" PRIx32 " %s", pfn, why);
}

bool compressed_page(struct legacy_reader *r, uint32_t pfn, uint8_t *page, struct cls_error *err)
{
    struct compressed *c = r->compressed;
    enum delta_result result;
    size_t used, got = 1;
    uint64_t start;

    if (c->begin == c->end && !fetch_more(r, &got, err))
        return false;
    start = c->edge - (c->end - c->begin);
    if (got == 0)
        return cls_input_fail(r->in, err, start, "no compressed data is left for pfn 0x%" PRIx32,
                              pfn);
    if (c->window[c->begin] != DELTA_WHOLE && !load(r, pfn, start, page, err))
        return false;
    /* A page may go on in the next chunk, though savers fill chunks with whole pages. */
    while ((result = delta_apply(page, c->window + c->begin, c->end - c->begin, &used)) ==
               DELTA_SHORT &&
           got > 0)
        if (!fetch_more(r, &got, err))
            return false;
    if (result != DELTA_DONE)
        return fail_to_apply(r, pfn, result, c->edge - (c->end - c->begin - used), err);
    c->begin += used;
    return store(r, pfn, page, err);
}

bool compressed_end(struct legacy_reader *r, struct cls_error *err)
{
    struct compressed *c = r->compressed;
    size_t got = 1;

    if (c->begin == c->end && !fetch_more(r, &got, err))
        return false;
    return got == 0 || cls_input_fail(r->in, err, c->edge - (c->end - c->begin),
                                      "compressed data is left when all pages have theirs");
}
