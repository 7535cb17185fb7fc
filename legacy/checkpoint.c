/*
 * Several checkpoints in one stream (Remus): body and tail, body and tail, until the sender died.
 * xc_domain_restore() in tools/libxc/xc_domain_restore.c of Xen 4.5 buffered each further
 * body and tail completely before it applied any of it. It dropped an incomplete checkpoint, and
 * went on with the last complete one.
 *
 * The reader does the same: a checkpoint is first measured to its end, then read. A regular file is
 * its own buffer. From other inputs, the measured bytes are copied into a spool, at the same
 * offsets as in the input: the tail of the last complete checkpoint and the checkpoint behind it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "compressed.h"
#include "reader_internal.h"

/* Can a further checkpoint follow behind the tail of the current body? */
static bool checkpoint_may_follow(const struct legacy_reader *r, const struct legacy_stream *s)
{
    return r->options.checkpoints != LEGACY_CHECKPOINTS_NEVER && !s->last_checkpoint &&
           !(r->options.skip_qemu && s->guest == GUEST_HVM);
}

static bool begin_tail(struct legacy_reader *r)
{
    r->phase = r->stream.guest == GUEST_HVM ? PHASE_HVM_PARAMS : PHASE_TAIL;
    return true;
}

bool end_body(struct legacy_reader *r, struct cls_error *err)
{
    /* chunk_read() has counted this body already: those behind the first are compressed. */
    if (r->stream.compression && r->stream.bodies > 1 && !compressed_end(r->compressed, err))
        return false;
    if (!checkpoint_may_follow(r, &r->stream))
        return begin_tail(r);
    r->phase = PHASE_CHECKPOINT;
    return true;
}

/* Keeps the input from offset on in the spool. Bytes before it are no longer needed. */
static void spool_from(struct legacy_reader *r, uint64_t offset)
{
    if (r->source->is_regular)
        return;
    if (!r->source->copy) {
        r->source->copy = r->options.spool;
        cls_input_init_at(&r->spooled, r->options.spool->fd, "the temporary file", offset,
                          r->source->watch);
        r->spooled.changes = true; /* by spool_discard() */
    }
    spool_discard(r->options.spool, offset);
}

/* Continues at an offset that is in the spool, or at the position of the input. */
static bool continue_at(struct legacy_reader *r, uint64_t offset, struct cls_error *err)
{
    bool regular = r->source->is_regular, there = !regular && offset == r->source->offset;

    r->data_end = 0;
    r->stream.in = regular || there ? r->source : &r->spooled;
    return there || cls_input_seek(r->stream.in, offset, err);
}

/* Does a further body seem to follow? Nothing is consumed. */
static bool body_follows(struct legacy_reader *r, bool *seen, struct cls_error *err)
{
    const uint8_t *byte;
    size_t n;

    if (r->options.checkpoints != LEGACY_CHECKPOINTS_YES)
        return measure_sees_body(&r->stream, seen, err);
    if (!cls_input_peek(r->stream.in, 1, &byte, &n, err))
        return false;
    *seen = n > 0;
    return true;
}

/* Does a complete checkpoint begin at next, where the last one ends? */
static bool measure_next(struct legacy_reader *r, uint64_t next, bool *found, struct cls_error *err)
{
    struct legacy_stream ahead;
    struct cls_error why;

    if (!continue_at(r, next, err) || !body_follows(r, found, err))
        return false;
    if (!*found)
        return true;
    ahead = r->stream;
    *found = measure_checkpoint(&ahead, &why);
    if (*found)
        return true;
    if (why.status != CLS_BAD_INPUT || why.over_limit) {
        *err = why;
        return false;
    }
    r->rest_dropped = true;
    cls_warn(r->log,
             "byte 0x%" PRIx64 ": checkpoint %u is incomplete; using checkpoint %u (byte 0x%" PRIx64
             ": %s: %s)",
             next, r->stream.bodies + 1, r->stream.bodies, why.offset, why.place, why.reason);
    return true;
}

/* The stream is at the first byte of a further body. */
static bool begin_body(struct legacy_reader *r, struct cls_error *err)
{
    r->phase = PHASE_BODY;
    if (!stream_is_compressed(&r->stream))
        return true;
    if (!r->compressed && !(r->compressed = compressed_new(r->options.store, err)))
        return false;
    compressed_begin(r->compressed, &r->stream);
    return true;
}

bool find_checkpoint(struct legacy_reader *r, struct cls_error *err)
{
    uint64_t tail = r->stream.in->offset, next;
    bool found;

    spool_from(r, tail);
    if (!measure_tail(&r->stream, true, err))
        return false;
    next = r->stream.in->offset;
    if (!measure_next(r, next, &found, err) || !continue_at(r, found ? next : tail, err))
        return false;
    if (found) {
        trace_part(r, "tail of a checkpoint", tail, 0);
        return begin_body(r, err);
    }
    cls_info(r->log, "checkpoints: %u", r->stream.bodies);
    return begin_tail(r);
}

/*
 * Counts the pages of a batch. Verify mode repeats pages for comparison, so its pages count only
 * where none came before. Entries that are not sound are rejected when the batch is converted.
 */
static void count_pages(uint32_t *copies, const struct legacy_stream *s, const struct chunk *chunk)
{
    uint32_t entry;

    for (uint32_t i = 0; i < chunk->entries; i++)
        if (chunk_entry(s, chunk, i, &entry) && page_type_has_data(entry_type(entry)) &&
            (!s->verify || copies[entry_pfn(entry)] == 0))
            copies[entry_pfn(entry)]++;
}

static bool count_body(struct legacy_reader *r, struct legacy_stream s, struct cls_error *err)
{
    struct chunk chunk;

    do {
        if (!measure_chunk(&s, &chunk, err))
            return false;
        count_pages(r->copies_left, &s, &chunk);
    } while (!chunk_ends_body(&chunk));
    return true;
}

/* Counts the pages of all complete checkpoints. If the first one is incomplete, reading it fails.
 */
static bool count_checkpoints(struct legacy_reader *r, struct cls_error *err)
{
    struct legacy_stream ahead = r->stream;
    bool more = true;

    while (more) {
        struct legacy_stream begin = ahead;
        uint64_t start = ahead.in->offset, end;

        if (!measure_checkpoint(&ahead, err))
            return err->status == CLS_BAD_INPUT;
        end = ahead.in->offset;
        if (!cls_input_seek(ahead.in, start, err) || !count_body(r, begin, err) ||
            !cls_input_seek(ahead.in, end, err))
            return false;
        more = checkpoint_may_follow(r, &ahead);
        if (more && !body_follows(r, &more, err))
            return false;
    }
    return true;
}

bool begin_bodies(struct legacy_reader *r, struct cls_error *err)
{
    uint64_t start = r->stream.in->offset;

    r->phase = PHASE_BODY;
    if (!r->options.compact)
        return true;
    r->copies_left = calloc((size_t)r->stream.p2m_size, sizeof(r->copies_left[0]));
    if (!r->copies_left)
        return cls_fail_errno(err, ENOMEM, "cannot allocate a counter for each page");
    return count_checkpoints(r, err) && continue_at(r, start, err);
}
