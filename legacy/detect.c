/*
 * A bare legacy stream has no magic: its width and guest type follow from what can come first. Each
 * combination bids by how well the first bytes fit it, and the best bid wins.
 *
 * A toolstack ulong holds p2m_size (28 bits), so bytes 4..7 are zero in a 64-bit stream; in a
 * 32-bit one they are a chunk id (HVM), an extended info marker or a frame number (PV), none of
 * which is 0.
 */
#include "legacy/detect.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/page_type.h"
#include "stream_format.h"

enum bid {
    BID_NONE,
    BID_POSSIBLE, /* only if the caller says so */
    BID_LIKELY,
    BID_SURE,
};

/* Every stream is longer than this. */
#define FIRST_LOOK    24
/* Behind any body come at least its end, three magic pfns and a length. */
#define SHORTEST_REST (4 + 24 + 4)

struct look {
    const uint8_t *b;
    size_t n;
};

static uint64_t ulong_at(const struct look *look, size_t pos, unsigned width)
{
    return width == 8 ? get_le64(look->b + pos) : get_le32(look->b + pos);
}

static bool is_page_count(uint32_t id)
{
    return id >= 1 && id <= CLS_BATCH_MAX;
}

static bool is_chunk(uint32_t id)
{
    return is_page_count(id) || (id != XC_SAVE_ID_END && chunk_type_find((int32_t)id));
}

static bool is_p2m_size(uint64_t v)
{
    return v >= 1 && v <= P2M_SIZE_MAX;
}

static bool is_block_id(const uint8_t *id)
{
    return memcmp(id, "vcpu", 4) == 0 || memcmp(id, "extv", 4) == 0 || memcmp(id, "xcnt", 4) == 0;
}

static enum bid bid_hvm(const struct look *look, unsigned width)
{
    uint32_t id = get_le32(look->b + width);

    if (!is_p2m_size(ulong_at(look, 0, width)))
        return BID_NONE;
    /* -1 comes first in no honest stream, but is half of an extended info marker. */
    if ((int32_t)id == XC_SAVE_ID_ENABLE_VERIFY_MODE)
        return is_chunk(get_le32(look->b + width + 4)) ? BID_LIKELY : BID_NONE;
    return is_chunk(id) ? BID_LIKELY : BID_NONE; /* an empty body is no real guest's */
}

/*
 * Are the entries of a batch, as far as they can be seen, what savers write: no bits above the
 * type, known types, pfns inside the guest, each greater than the one before?
 */
static bool entries_fit(const struct look *look, size_t pos, uint32_t count, unsigned width,
                        uint64_t p2m_size, bool hvm)
{
    int64_t last = -1;

    for (uint32_t i = 0; i < count && pos + width <= look->n; i++, pos += width) {
        uint64_t entry = ulong_at(look, pos, width);
        unsigned type = entry >> 28 & 0xf;
        int64_t pfn = (int64_t)(entry & P2M_SIZE_MAX);

        if (type == PFINFO_XTAB)
            continue;
        if (entry > UINT32_MAX || !page_type_known(type) || (uint64_t)pfn >= p2m_size ||
            pfn <= last)
            return false;
        if (hvm && type != PFINFO_NOTAB && page_type_has_data(type))
            return false; /* page tables are told apart in PV guests only */
        last = pfn;
    }
    return true;
}

static bool fits_hvm(const struct look *look, unsigned width)
{
    return entries_fit(look, width + 4, get_le32(look->b + width), width, ulong_at(look, 0, width),
                       true);
}

/* A frame list from the second ulong on, then a chunk. */
static bool fits_pv_without_info(const struct look *look, unsigned width)
{
    uint64_t p2m_size = ulong_at(look, 0, width);
    uint64_t frames = (p2m_size - 1) / (CLS_PAGE_SIZE / width) + 1;
    size_t pos = width;
    uint32_t id;

    for (uint64_t i = 0; i < frames && pos + width <= look->n; i++, pos += width) {
        uint64_t frame = ulong_at(look, pos, width);

        if (frame == 0 || frame >= p2m_size)
            return false;
    }
    if (pos + 4 > look->n)
        return true;
    id = get_le32(look->b + pos);
    return is_chunk(id) &&
           (!is_page_count(id) || entries_fit(look, pos + 4, id, width, p2m_size, false));
}

static enum bid bid_pv(const struct look *look, unsigned width)
{
    uint64_t p2m_size = ulong_at(look, 0, width), next = ulong_at(look, width, width);

    if (!is_p2m_size(p2m_size))
        return BID_NONE;
    if (next == (width == 8 ? UINT64_MAX : UINT32_MAX)) {
        if (is_block_id(look->b + (size_t)2 * width + 4) || width == 8)
            return BID_SURE;
        /* Half as many ones are also the chunk -1 of a HVM stream. */
        return is_chunk(get_le32(look->b + 8)) ? BID_POSSIBLE : BID_LIKELY;
    }
    /* No extended info: the p2m frame list begins at once. */
    if (!fits_pv_without_info(look, width))
        return BID_NONE;
    return next > CLS_BATCH_MAX ? BID_LIKELY : BID_POSSIBLE;
}

/*
 * A first frame number up to 1024 looks like the count of a HVM guest's first batch. Enough of the
 * stream to read that batch's entries tells them apart.
 */
static bool look_closer(struct cls_input *in, unsigned width, enum bid *hvm, enum bid *pv,
                        struct cls_error *err)
{
    struct look look;
    const uint8_t *first;
    size_t n;

    if (!cls_input_peek(in, FIRST_LOOK, &first, &n, err))
        return false;
    n = width + 4 + (size_t)get_le32(first + width) * width + SHORTEST_REST;
    if (!cls_input_peek(in, n, &look.b, &look.n, err))
        return false;
    if (!fits_pv_without_info(&look, width)) {
        *pv = BID_NONE;
    } else if (!fits_hvm(&look, width)) {
        *hvm = BID_NONE;
        *pv = BID_LIKELY;
    }
    return true;
}

static bool pv_without_info_or_hvm(const struct look *look, unsigned width, enum bid hvm,
                                   enum bid pv)
{
    return hvm == BID_LIKELY && pv == BID_POSSIBLE && is_page_count(get_le32(look->b + width));
}

/*
 * A 64-bit batch whose first entry has bits that no pfn entry has. Saves of ia64 look like that.
 */
static bool is_bogus_batch(const struct look *look, unsigned width)
{
    uint64_t entry = get_le64(look->b + 12);

    return width == 8 && is_page_count(get_le32(look->b + 8)) && entry > UINT32_MAX &&
           (entry >> 28 & 0xf) != PFINFO_XTAB;
}

struct candidate {
    struct legacy_kind kind;
    enum bid bid;
};

static const struct candidate *best_of(const struct candidate *candidates, size_t n,
                                       enum guest_type guest)
{
    const struct candidate *best = NULL;

    for (size_t i = 0; i < n; i++)
        if ((guest == GUEST_UNKNOWN || candidates[i].kind.guest == guest) &&
            (!best || candidates[i].bid > best->bid))
            best = &candidates[i];
    return best;
}

static const char *guest_name(enum guest_type guest)
{
    return guest == GUEST_PV ? "PV" : "HVM";
}

static bool settle(struct cls_input *in, const struct candidate *candidates, size_t n,
                   const struct legacy_kind *told, struct legacy_detected *found,
                   struct cls_error *err)
{
    const struct candidate *best = best_of(candidates, n, GUEST_UNKNOWN);
    const struct candidate *as_told = best_of(candidates, n, told->guest);

    if (told->guest != GUEST_UNKNOWN && best->kind.guest != told->guest &&
        best->bid >= BID_LIKELY && (best->bid == BID_SURE || as_told->bid == BID_NONE))
        return cls_input_fail(in, err, in->offset,
                              "this is the stream of a %s guest, not of a %s one as was said",
                              guest_name(best->kind.guest), guest_name(told->guest));
    if (as_told->bid >= BID_LIKELY ||
        (as_told->bid == BID_POSSIBLE && told->guest != GUEST_UNKNOWN)) {
        *found = (struct legacy_detected){as_told->kind, as_told->bid >= BID_LIKELY};
        return true;
    }
    if (told->width != 0 && told->guest != GUEST_UNKNOWN) {
        *found = (struct legacy_detected){*told, false}; /* the reader will say what is wrong */
        return true;
    }
    return cls_input_fail(in, err, in->offset,
                          "these bytes begin neither a legacy stream of Xen nor anything known");
}

bool legacy_detect(struct cls_input *in, const struct legacy_kind *told, const struct cls_log *log,
                   struct legacy_detected *found, struct cls_error *err)
{
    struct candidate candidates[4];
    struct look look;
    size_t n = 0;

    cls_input_at(in, "start of the stream", -1, NULL);
    if (!cls_input_peek(in, FIRST_LOOK, &look.b, &look.n, err))
        return false;
    if (look.n < FIRST_LOOK)
        return cls_input_truncated(in, err, in->offset, FIRST_LOOK, look.n, "a stream");

    for (unsigned width = 8; width >= 4; width -= 4) {
        enum bid hvm = bid_hvm(&look, width), pv = bid_pv(&look, width);
        bool bogus = is_bogus_batch(&look, width);

        if (pv_without_info_or_hvm(&look, width, hvm, pv) &&
            !look_closer(in, width, &hvm, &pv, err))
            return false;
        candidates[n++] = (struct candidate){{width, GUEST_HVM}, bogus ? BID_NONE : hvm};
        candidates[n++] = (struct candidate){{width, GUEST_PV}, pv};
    }
    if (!settle(in, candidates, n, told, found, err))
        return false;
    if (told->width != 0 && told->width != found->kind.width)
        cls_warn(log,
                 "a %u-bit toolstack wrote this stream, not a %u-bit one as was said; "
                 "the stream is believed",
                 found->kind.width * 8, told->width * 8);
    cls_info(log, "legacy stream of a %u-bit toolstack, %s guest", found->kind.width * 8,
             guest_name(found->kind.guest));
    return true;
}

/* Do fewer than 4 bytes begin a chunk id or page count? */
static bool is_start_of_chunk(const uint8_t *bytes, size_t n)
{
    for (int32_t id = XC_SAVE_ID_HVM_X87_FIP_WIDTH; id <= CLS_BATCH_MAX; id++) {
        uint8_t b[4];

        put_le32(b, (uint32_t)id);
        if (is_chunk((uint32_t)id) && memcmp(b, bytes, n) == 0)
            return true;
    }
    return false;
}

bool legacy_is_body(const uint8_t *bytes, size_t n, unsigned width, uint64_t p2m_size)
{
    struct look look = {bytes, n};
    uint32_t id;

    if (n < 4)
        return n > 0 && is_start_of_chunk(bytes, n);
    id = get_le32(bytes);
    return is_chunk(id) &&
           (!is_page_count(id) || entries_fit(&look, 4, id, width, p2m_size, false));
}
