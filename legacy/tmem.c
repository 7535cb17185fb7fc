/*
 * Transcendent memory (Xen 4.0 to 4.12): xc_tmem_save() and xc_tmem_restore() in
 * tools/libxc/xc_tmem.c of Xen 4.5. Ephemeral pools hold copies only and send no pages; those of
 * persistent pools are memory of the guest (frontswap).
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "stream.h"

#define TMEM_NONE           UINT32_MAX
#define TMEM_HEAD_SIZE      28 /* version, max_pools, -1, flags, weight, cap, -1 */
#define TMEM_POOL_SIZE      24 /* behind the pool's id: flags, n_pages, uuid */
#define TMEM_OID_0          8  /* bytes of an object id in version 0 (Xen 4.0.0, 4.0.1) */
#define TMEM_PAGESIZE_SHIFT 4
#define TMEM_PAGESIZE_MASK  0xf

static bool is_no_oid(const uint8_t *oid, size_t n)
{
    while (n > 0 && oid[n - 1] == 0xff)
        n--;
    return n == 0;
}

/* Up to count pages; an object id of all ones ends them early. */
static bool skip_pages(const struct legacy_stream *s, struct tmem *tmem, uint32_t count,
                       uint64_t page_size, struct cls_error *err)
{
    uint8_t oid[TMEM_OID_MAX];

    for (uint32_t i = 0; i < count; i++) {
        if (!cls_input_read(s->in, oid, s->tmem_oid_size, "a tmem page's id", err))
            return false;
        if (is_no_oid(oid, s->tmem_oid_size))
            return true;
        if (!cls_input_skip(s->in, 4 + page_size, "a tmem page", err))
            return false;
        tmem->pages++;
    }
    return true;
}

static bool read_pool(const struct legacy_stream *s, struct tmem *tmem, struct cls_error *err)
{
    uint64_t before = tmem->pages;
    uint8_t b[TMEM_POOL_SIZE];
    unsigned shift;

    if (!cls_input_read(s->in, b, sizeof(b), "a tmem pool", err))
        return false;
    shift = get_le32(b) >> TMEM_PAGESIZE_SHIFT & TMEM_PAGESIZE_MASK;
    if (!skip_pages(s, tmem, get_le32(b + 4), (uint64_t)CLS_PAGE_SIZE << shift, err))
        return false;
    tmem->pools++;
    tmem->pools_with_pages += tmem->pages > before;
    return true;
}

bool stream_read_tmem(struct legacy_stream *s, struct tmem *tmem, struct cls_error *err)
{
    uint64_t start = s->in->offset;
    uint8_t b[TMEM_HEAD_SIZE];
    uint32_t id;

    *tmem = (struct tmem){0};
    if (!cls_input_read(s->in, b, sizeof(b), "the tmem header", err))
        return false;
    if (get_le32(b) > 1)
        return cls_input_fail(s->in, err, start, "unknown tmem version %" PRIu32, get_le32(b));
    if (get_le32(b + 8) != TMEM_NONE || get_le32(b + 24) != TMEM_NONE)
        return cls_input_fail(s->in, err, start, "tmem header has no end marks");
    s->tmem_oid_size = get_le32(b) == 0 ? TMEM_OID_0 : TMEM_OID_MAX;
    for (;;) {
        start = s->in->offset;
        if (!cls_input_u32(s->in, &id, "a tmem pool's id", err))
            return false;
        if (id == TMEM_NONE)
            return true;
        cls_input_at(s->in, "tmem pool", id, NULL);
        if (id >= get_le32(b + 4))
            return cls_input_fail(s->in, err, start,
                                  "pool id %" PRIu32 " is not below the maximum %" PRIu32, id,
                                  get_le32(b + 4));
        if (!read_pool(s, tmem, err))
            return false;
    }
}

/* Pages that became invalid while tmem was sent live: pool, object id, index of each. */
bool stream_read_tmem_extra(const struct legacy_stream *s, struct cls_error *err)
{
    uint32_t id;

    for (;;) {
        if (!cls_input_u32(s->in, &id, "a tmem pool's id", err))
            return false;
        if (id == TMEM_NONE)
            return true;
        if (!cls_input_skip(s->in, s->tmem_oid_size + 4, "a tmem page's id", err))
            return false;
    }
}
