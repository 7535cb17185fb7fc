/*
 * A bare legacy stream has no magic: its width and guest type follow from its structure. A
 * toolstack ulong holds p2m_size (28 bits), so bytes 4..7 are zero in a 64-bit stream; in a 32-bit
 * one they are a chunk id (HVM), an extended info marker or a frame number (PV). A frame number may
 * look like the count of a page batch, so that two candidates can fit for a while. Page data is
 * never looked at; but a candidate that is wrong may take it for chunks, and so fit to the end.
 */
#include "legacy/detect.h"

#include <inttypes.h>
#include <string.h>

#include "stream.h"

/* Every stream is longer than this. */
#define FIRST_LOOK 24

enum part {
    PART_HEADER,
    PART_FRAMES,
    PART_BODY,
    PART_TAIL,
    PART_NONE, /* every part fitted */
};

struct candidate {
    struct legacy_stream stream;
    enum part part;
    bool fits;
    bool waits;      /* needs more of the input than is visible */
    uint64_t offset; /* of the part */
    uint64_t wanted; /* offset up to which the stream extends at least, if it fits */
    bool certain;    /* HVM; PV with extended info, a large frame number, or a chunk */
    bool body_began;
    uint32_t first_batch; /* entries in it; 0: none was seen */
    uint32_t frames_at_0; /* how often the p2m frame list contains frame 0 */
};

struct race {
    struct cls_input *in;
    struct candidate candidates[4];
    const uint8_t *bytes; /* peeked bytes; NULL: the whole file is visible */
    size_t n;             /* number of bytes */
    /* about the candidates that fit: */
    unsigned fitting;         /* their number */
    bool settled;             /* none is left, or a certain one */
    struct candidate *lowest; /* at the lowest offset of those that do not wait */
    uint64_t sure_end;        /* the lowest wanted: bytes before it belong to the stream */
};

#define FOR_EACH(race, c)                                                                          \
    for (struct candidate *c = (race)->candidates; c < (race)->candidates + 4; c++)

static void race_init(struct race *race, struct cls_input *in)
{
    *race = (struct race){.in = in};
    for (int i = 0; i < 4; i++) {
        stream_init(&race->candidates[i].stream, NULL, i < 2 ? 8 : 4, i % 2 ? GUEST_PV : GUEST_HVM);
        race->candidates[i].fits = true;
        race->candidates[i].certain = i % 2 == 0;
        race->candidates[i].offset = in->offset;
    }
}

/* Extended info begins with the marker and, after its length, the id of a block. */
static bool has_pv_info(const struct candidate *c, const uint8_t *bytes)
{
    unsigned width = c->stream.width;
    const uint8_t *id = bytes + (size_t)2 * width + 4;
    uint64_t p2m_size = stream_get_ulong(&c->stream, bytes, 0);

    return c->stream.guest == GUEST_PV && p2m_size >= 1 && p2m_size <= P2M_SIZE_MAX &&
           stream_is_info_marker(&c->stream, stream_get_ulong(&c->stream, bytes, 1)) &&
           (width == 8 || memcmp(id, "vcpu", 4) == 0 || memcmp(id, "extv", 4) == 0 ||
            memcmp(id, "xcnt", 4) == 0);
}

/* The error is not reported. Always returns false. */
static bool does_not_fit(struct cls_error *err)
{
    *err = (struct cls_error){.status = CLS_BAD_INPUT};
    return false;
}

static bool step_in_body(struct candidate *c, struct cls_error *err)
{
    struct chunk chunk;
    const uint8_t *byte;
    bool fits = true;
    size_t n;

    if (!c->body_began && (!cls_input_peek(c->stream.in, 1, &byte, &n, err) ||
                           (n > 0 && !measure_sees_body(&c->stream, &fits, err))))
        return false;
    if (!fits) /* an empty body does not fit either: real guests have pages */
        return does_not_fit(err);
    if (!chunk_read(&c->stream, &chunk, err))
        return false;
    if (!measure_fits_batch(&c->stream, &chunk, chunk.entries))
        return does_not_fit(err);
    if (c->first_batch == 0)
        c->first_batch = chunk.entries;
    c->body_began = c->certain = true;
    if (chunk_ends_body(&chunk))
        c->part = PART_TAIL;
    return cls_input_skip(c->stream.in, chunk.bulk, "page data", err);
}

static bool step_in_frames(struct candidate *c, struct cls_error *err)
{
    uint64_t frames[CLS_BATCH_MAX];
    uint32_t count = c->stream.in->fd < 0 ? 1 : CLS_BATCH_MAX; /* a window may end anywhere */

    if (!stream_read_frames(&c->stream, frames, &count, err))
        return false;
    c->certain |= c->stream.frames_done == count && frames[0] > CLS_BATCH_MAX;
    for (uint32_t i = 0; i < count; i++)
        c->frames_at_0 += frames[i] == 0;
    if (c->frames_at_0 > 1) /* one frame holds one part of the table only */
        return does_not_fit(err);
    if (c->stream.frames_done == c->stream.frames_total)
        c->part = PART_BODY;
    return true;
}

static bool step(struct candidate *c, struct cls_error *err)
{
    switch (c->part) {
    case PART_HEADER:
        c->part = c->stream.guest == GUEST_PV ? PART_FRAMES : PART_BODY;
        return stream_read_header(&c->stream, err);
    case PART_FRAMES:
        return step_in_frames(c, err);
    case PART_BODY:
        return step_in_body(c, err);
    default:
        c->part = PART_NONE;
        return measure_tail(&c->stream, false, err); /* others may read the qemu record */
    }
}

/* Parses the next part as far as it is visible. Fails on system errors only. */
static bool follow(const struct race *race, struct candidate *c, struct cls_error *err)
{
    struct candidate before = *c;
    size_t done = (size_t)(c->offset - race->in->offset);
    struct cls_input in;
    bool ok;

    if (race->bytes)
        cls_input_init_window(&in, race->bytes + done, race->n - done, c->offset);
    else
        cls_input_init_at(&in, race->in->fd, race->in->name, c->offset, race->in->watch);
    c->stream.in = &in;
    ok = step(c, err);
    cls_input_release(&in);
    if (ok) {
        c->offset = c->wanted = in.offset;
        return true;
    }
    if (in.wanted == 0) {
        c->fits = false;
        return err->status == CLS_BAD_INPUT;
    }
    /* known without the pages of the batch */
    before.first_batch = c->first_batch;
    before.body_began = c->body_began;
    before.certain = c->certain;
    *c = before;
    c->waits = true;
    c->wanted = in.wanted;
    return true;
}

/* Small frame numbers also begin other formats, such as saves of ia64. */
static bool is_certain(const struct candidate *c)
{
    return c->certain || c->part == PART_HEADER;
}

static void survey(struct race *race)
{
    race->fitting = 0;
    race->settled = true;
    race->lowest = NULL;
    race->sure_end = UINT64_MAX;
    FOR_EACH(race, c)
    if (c->fits) {
        race->settled = race->fitting++ == 0 && is_certain(c);
        if (c->wanted < race->sure_end)
            race->sure_end = c->wanted;
        if (!c->waits && c->part != PART_NONE &&
            (!race->lowest || c->offset < race->lowest->offset))
            race->lowest = c;
    }
}

/*
 * Follows the candidates through the first n bytes, or the whole file if n is 0: until the race is
 * settled, or to the end of what is visible.
 */
static bool look(struct race *race, uint64_t n, bool to_the_end, struct cls_error *err)
{
    race->bytes = NULL;
    if (n > 0 && !cls_input_peek(race->in, n < CLS_PEEK_MAX ? (size_t)n : CLS_PEEK_MAX,
                                 &race->bytes, &race->n, err))
        return false;
    FOR_EACH(race, c)
    c->waits = false;
    for (survey(race); (to_the_end || !race->settled) && race->lowest; survey(race)) {
        struct candidate *c = race->lowest;

        if (!follow(race, c, err))
            return false;
        /* The last one may be wrong further on: its errors are found when it is read. */
        if (!to_the_end && race->fitting == 1 && !c->fits)
            c->fits = c->waits = true;
    }
    return true;
}

static bool narrow_down(struct race *race, struct cls_error *err)
{
    size_t before;

    if (!look(race, FIRST_LOOK, true, err))
        return false;
    if (race->n < FIRST_LOOK)
        return cls_input_truncated(race->in, err, race->in->offset, FIRST_LOOK, race->n,
                                   "a stream");
    FOR_EACH(race, c)
    if (has_pv_info(c, race->bytes)) {
        c->certain = true;
        FOR_EACH(race, other)
        other->fits = other == c;
        survey(race);
        return true;
    }
    if (race->settled)
        return true;
    if (race->in->is_regular)
        return look(race, 0, false, err);
    do { /* what the candidates want shows how much more may be peeked at */
        before = race->n;
        if (!look(race, race->sure_end - race->in->offset, false, err))
            return false;
    } while (!race->settled && race->n > before);
    return true;
}

/*
 * Chooses among the candidates that fit and have the requested guest type. The order of preference:
 * the configured guest type, the requested width, a complete stream, the fuller first batch.
 */
static struct candidate *choose(struct race *race, const struct legacy_kind *requested,
                                enum guest_type config)
{
    struct candidate *best = NULL;
    unsigned highest = 0;

    FOR_EACH(race, c)
    {
        unsigned rank = 1 + c->first_batch;

        rank += c->part == PART_NONE ? 2 * CLS_BATCH_MAX : 0;
        rank += c->stream.width == requested->width ? 4 * CLS_BATCH_MAX : 0;
        rank += c->stream.guest == config ? 8 * CLS_BATCH_MAX : 0;
        if (c->fits && (requested->guest == GUEST_UNKNOWN || c->stream.guest == requested->guest) &&
            rank > highest) {
            best = c;
            highest = rank;
        }
    }
    return best;
}

static bool decide(struct race *race, const struct legacy_kind *requested, enum guest_type config,
                   const struct cls_log *log, struct legacy_detected *found, struct cls_error *err)
{
    const struct candidate *c = choose(race, requested, config);

    if (c) {
        *found = (struct legacy_detected){{c->stream.width, c->stream.guest}, is_certain(c)};
        if (race->fitting > 1)
            cls_info(log, "guest type or width is ambiguous; --guest-type and --width select one");
        return true;
    }
    if (race->fitting > 0)
        return cls_input_fail(race->in, err, race->in->offset,
                              "stream is for a %s guest, but --guest-type says %s",
                              guest_type_name(requested->guest == GUEST_PV ? GUEST_HVM : GUEST_PV),
                              guest_type_name(requested->guest));
    if (requested->width != 0 && requested->guest != GUEST_UNKNOWN) {
        *found = (struct legacy_detected){*requested, false}; /* the reader reports the error */
        return true;
    }
    return cls_input_fail(race->in, err, race->in->offset,
                          "not a legacy stream of Xen, and not a known other format");
}

bool legacy_detect(struct cls_input *in, const struct legacy_kind *requested,
                   enum guest_type config, const struct cls_log *log, struct legacy_detected *found,
                   struct cls_error *err)
{
    struct race race;

    race_init(&race, in);
    cls_input_at(in, "start of the stream", -1, NULL);
    if (!narrow_down(&race, err) || !decide(&race, requested, config, log, found, err))
        return false;
    if (requested->width != 0 && requested->width != found->kind.width)
        cls_warn(
            log,
            "stream was written by a %u-bit toolstack (--width says %u); using the stream's width",
            found->kind.width * 8, requested->width * 8);
    cls_info(log, "legacy stream of a %u-bit toolstack, %s guest", found->kind.width * 8,
             guest_type_name(found->kind.guest));
    return true;
}
