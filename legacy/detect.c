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

#include "measure.h"

/* Every stream is longer than this. */
#define FIRST_LOOK 24

enum part {
    PART_P2M_SIZE,
    PART_PV_INFO,
    PART_FRAMES,
    PART_BODY,
    PART_TAIL,
    PART_NONE, /* all fitted */
};

struct candidate {
    struct legacy_stream stream;
    enum part part;
    bool fits;
    bool waits;      /* for more of the input than there is to see */
    uint64_t offset; /* of the part */
    uint64_t wanted; /* if it fits, the stream goes on to here at least */
    bool marked;     /* by the marker of extended info */
    bool body_began;
    uint32_t first_batch; /* entries in it; 0: none was seen */
    uint32_t frames_at_0; /* of the p2m frame list */
};

struct race {
    struct cls_input *in;
    struct candidate candidates[4];
    /* what can be seen of an input that is no regular file, or at first: */
    const uint8_t *bytes;
    size_t n;
};

#define FOR_EACH(race, c)                                                                          \
    for (struct candidate *c = (race)->candidates; c < (race)->candidates + 4; c++)

static void race_init(struct race *race, struct cls_input *in)
{
    static const struct legacy_kind kinds[4] = {
        {8, GUEST_HVM}, {8, GUEST_PV}, {4, GUEST_HVM}, {4, GUEST_PV}};

    *race = (struct race){.in = in};
    for (int i = 0; i < 4; i++) {
        struct candidate *c = &race->candidates[i];

        stream_init(&c->stream, kinds[i].width, kinds[i].guest, false);
        c->fits = true;
        c->offset = in->offset;
    }
}

/* Extended info begins with the marker and, after its length, the id of a block. */
static bool has_pv_info(const struct candidate *c, const uint8_t *bytes)
{
    unsigned width = c->stream.width;
    const uint8_t *id = bytes + (size_t)2 * width + 4;

    return c->stream.guest == GUEST_PV && c->stream.p2m_size >= 1 &&
           c->stream.p2m_size <= P2M_SIZE_MAX &&
           stream_is_info_marker(&c->stream, stream_get_ulong(&c->stream, bytes, 1)) &&
           (width == 8 || memcmp(id, "vcpu", 4) == 0 || memcmp(id, "extv", 4) == 0 ||
            memcmp(id, "xcnt", 4) == 0);
}

/* Nobody sees the error. Always returns false. */
static bool does_not_fit(struct cls_error *err)
{
    *err = (struct cls_error){.status = CLS_BAD_INPUT};
    return false;
}

/* An empty body is no real guest's. */
static bool fits_first_chunk(const struct candidate *c, struct cls_input *in, bool *fits,
                             struct cls_error *err)
{
    const uint8_t *bytes;
    size_t n;

    *fits = true;
    if (c->body_began)
        return true;
    return cls_input_peek(in, 4, &bytes, &n, err) &&
           (n == 0 || measure_sees_body(&c->stream, in, fits, err));
}

static bool step_in_body(struct candidate *c, struct cls_input *in, struct cls_error *err)
{
    struct chunk chunk;
    bool fits;

    if (!fits_first_chunk(c, in, &fits, err))
        return false;
    if (!fits)
        return does_not_fit(err);
    if (!chunk_read(&c->stream, in, &chunk, err))
        return false;
    if (!measure_fits_batch(&c->stream, &chunk, chunk.entries))
        return does_not_fit(err);
    if (c->first_batch == 0)
        c->first_batch = chunk.entries;
    c->body_began = true;
    if (!cls_input_skip(in, chunk.bulk, "page data", err))
        return false;
    chunk_note(&c->stream, &chunk);
    if (chunk_ends_body(&chunk))
        c->part = PART_TAIL;
    return true;
}

static bool step_in_frames(struct candidate *c, struct cls_input *in, struct cls_error *err)
{
    uint64_t frames[CLS_BATCH_MAX];
    uint32_t count = in->fd < 0 ? 1 : CLS_BATCH_MAX; /* of a window all that can be seen */

    if (!stream_read_frames(&c->stream, in, frames, &count, err))
        return false;
    for (uint32_t i = 0; i < count; i++)
        c->frames_at_0 += frames[i] == 0;
    if (c->frames_at_0 > 1) /* it has room for one part of the table */
        return does_not_fit(err);
    if (c->stream.frames_done == c->stream.frames_total)
        c->part = PART_BODY;
    return true;
}

static bool step(struct candidate *c, struct cls_input *in, struct cls_error *err)
{
    switch (c->part) {
    case PART_P2M_SIZE:
        c->part = c->stream.guest == GUEST_PV ? PART_PV_INFO : PART_BODY;
        return stream_read_p2m_size(&c->stream, in, err);
    case PART_PV_INFO:
        c->part = PART_FRAMES;
        return stream_read_pv_info(&c->stream, in, err);
    case PART_FRAMES:
        return step_in_frames(c, in, err);
    case PART_BODY:
        return step_in_body(c, in, err);
    case PART_TAIL:
        c->part = PART_NONE;
        return measure_tail(&c->stream, in, false, err); /* the qemu record may be others' */
    default:
        return true;
    }
}

/* One step in what can be seen. Fails only where the system does. */
static bool follow(const struct race *race, struct candidate *c, struct cls_error *err)
{
    struct candidate before = *c;
    struct cls_input in;
    bool ok;

    if (race->bytes)
        cls_input_init_window(&in, race->bytes + (c->offset - race->in->offset),
                              race->n - (size_t)(c->offset - race->in->offset), c->offset);
    else
        cls_input_init_at(&in, race->in->fd, race->in->name, c->offset, race->in->watch);
    ok = step(c, &in, err);
    cls_input_release(&in);
    if (ok) {
        c->offset = c->wanted = in.offset;
        c->waits = c->part == PART_NONE;
        return true;
    }
    if (in.wanted == 0) {
        c->fits = false;
        return err->status == CLS_BAD_INPUT;
    }
    before.first_batch = c->first_batch; /* its pages need not be there */
    before.body_began = c->body_began;
    *c = before;
    c->waits = true;
    c->wanted = in.wanted;
    return true;
}

static unsigned count_fitting(struct race *race)
{
    unsigned n = 0;

    FOR_EACH(race, c)
    n += c->fits;
    return n;
}

/* The one that was followed the least far, so that none is followed further than needed. */
static struct candidate *hindmost(struct race *race)
{
    struct candidate *found = NULL;

    FOR_EACH(race, c)
    if (c->fits && !c->waits && (!found || c->offset < found->offset))
        found = c;
    return found;
}

/* A small number and what lies below p2m_size also begin other things: a save of ia64. */
static bool is_certain(const struct candidate *c)
{
    return c->stream.guest == GUEST_HVM || c->body_began || c->stream.first_frame > CLS_BATCH_MAX ||
           c->marked || c->part == PART_PV_INFO;
}

static bool is_settled(struct race *race)
{
    unsigned fitting = count_fitting(race);

    FOR_EACH(race, c)
    if (fitting == 1 && c->fits)
        return is_certain(c);
    return fitting == 0;
}

/* As far as there is something to see. */
static bool follow_all(struct race *race, struct cls_error *err)
{
    struct candidate *c;

    while ((c = hindmost(race)))
        if (!follow(race, c, err))
            return false;
    return true;
}

/* The last one may be wrong further on: its errors are found when it is read. */
static bool follow_until_settled(struct race *race, struct cls_error *err)
{
    struct candidate *c;

    while (!is_settled(race) && (c = hindmost(race))) {
        if (!follow(race, c, err))
            return false;
        if (count_fitting(race) == 0)
            c->fits = c->waits = true;
    }
    return true;
}

/* What every candidate says belongs to the stream. */
static uint64_t sure_end(struct race *race)
{
    uint64_t end = UINT64_MAX;

    FOR_EACH(race, c)
    if (c->fits && c->wanted < end)
        end = c->wanted;
    return end;
}

static bool see(struct race *race, uint64_t n, struct cls_error *err)
{
    return cls_input_peek(race->in, n < CLS_PEEK_MAX ? (size_t)n : CLS_PEEK_MAX, &race->bytes,
                          &race->n, err);
}

static void wake_all(struct race *race)
{
    FOR_EACH(race, c)
    c->waits = c->part == PART_NONE;
}

/* With each look the candidates show how much further one may look. */
static bool follow_by_peeking(struct race *race, struct cls_error *err)
{
    size_t before;

    do {
        before = race->n;
        wake_all(race);
        if (!see(race, sure_end(race) - race->in->offset, err) || !follow_until_settled(race, err))
            return false;
    } while (!is_settled(race) && race->n > before);
    return true;
}

static bool run(struct race *race, struct cls_error *err)
{
    if (!see(race, FIRST_LOOK, err))
        return false;
    if (race->n < FIRST_LOOK)
        return cls_input_truncated(race->in, err, race->in->offset, FIRST_LOOK, race->n,
                                   "a stream");
    if (!follow_all(race, err))
        return false;
    FOR_EACH(race, c)
    if (has_pv_info(c, race->bytes)) {
        c->marked = true;
        FOR_EACH(race, other)
        other->fits = other == c;
        return true;
    }
    if (is_settled(race))
        return true;
    if (!race->in->is_regular)
        return follow_by_peeking(race, err);
    race->bytes = NULL;
    wake_all(race);
    return follow_until_settled(race, err);
}

/* One that is whole, or else the one with the fuller batch. */
static bool is_better(const struct candidate *c, const struct candidate *than)
{
    bool whole = c->part == PART_NONE, than_whole = than->part == PART_NONE;

    return whole != than_whole ? whole : c->first_batch > than->first_batch;
}

/* Of those that fit and are of this kind, which may be not known. */
static struct candidate *best_of(struct race *race, enum guest_type guest, unsigned width)
{
    struct candidate *best = NULL;

    FOR_EACH(race, c)
    if (c->fits && (guest == GUEST_UNKNOWN || c->stream.guest == guest) &&
        (width == 0 || c->stream.width == width) && (!best || is_better(c, best)))
        best = c;
    return best;
}

static struct candidate *choose(struct race *race, enum guest_type guest, unsigned width)
{
    struct candidate *c = best_of(race, guest, width);

    return c ? c : best_of(race, guest, 0);
}

static bool settle(struct race *race, const struct legacy_kind *told, enum guest_type config,
                   const struct cls_log *log, struct legacy_detected *found, struct cls_error *err)
{
    struct candidate *any = best_of(race, GUEST_UNKNOWN, 0), *c;

    if (told->guest != GUEST_UNKNOWN)
        c = choose(race, told->guest, told->width);
    else if (!(c = choose(race, config, told->width)))
        c = choose(race, GUEST_UNKNOWN, told->width);
    if (c) {
        *found = (struct legacy_detected){{c->stream.width, c->stream.guest}, is_certain(c)};
        if (count_fitting(race) > 1)
            cls_info(log, "guest type or width is ambiguous; --guest-type and --width select one");
        return true;
    }
    if (any)
        return cls_input_fail(race->in, err, race->in->offset,
                              "stream is for a %s guest, but --guest-type says %s",
                              guest_type_name(any->stream.guest), guest_type_name(told->guest));
    if (told->width != 0 && told->guest != GUEST_UNKNOWN) {
        *found = (struct legacy_detected){*told, false}; /* the reader will say what is wrong */
        return true;
    }
    return cls_input_fail(race->in, err, race->in->offset,
                          "not a legacy stream of Xen, and not a known other format");
}

bool legacy_detect(struct cls_input *in, const struct legacy_kind *told, enum guest_type config,
                   const struct cls_log *log, struct legacy_detected *found, struct cls_error *err)
{
    struct race race;

    race_init(&race, in);
    cls_input_at(in, "start of the stream", -1, NULL);
    if (!run(&race, err) || !settle(&race, told, config, log, found, err))
        return false;
    if (told->width != 0 && told->width != found->kind.width)
        cls_warn(
            log,
            "stream was written by a %u-bit toolstack (--width says %u); using the stream's width",
            found->kind.width * 8, told->width * 8);
    cls_info(log, "legacy stream of a %u-bit toolstack, %s guest", found->kind.width * 8,
             guest_type_name(found->kind.guest));
    return true;
}
