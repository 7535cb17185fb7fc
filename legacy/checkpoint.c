/*
 * Several checkpoints in one stream (Remus): body and tail, body and tail, until the sender died.
 * xc_domain_restore() in tools/libxc/xc_domain_restore.c of Xen 4.5 buffered what followed the
 * first tail, body and tail whole, before it applied any of it; what it failed to buffer, it
 * dropped, and went on with the last complete checkpoint.
 *
 * So does this: a checkpoint is first looked at to its end, then read again to be given. A regular
 * file is its own buffer; from other inputs, what is looked at is copied into a spool, at the same
 * offsets as in the input. There, the tail of the last complete checkpoint waits with what follows.
 */
#include <inttypes.h>

#include "compact.h"
#include "compressed.h"
#include "legacy/detect.h"
#include "reader_internal.h"

/* Enough to tell a body from other things. */
#define BODY_LOOK 4096

static enum reader_phase tail_phase(const struct legacy_reader *r)
{
    return r->options.guest == GUEST_HVM ? PHASE_HVM_PARAMS : PHASE_UNMAPPED_PFNS;
}

/* May more follow behind the tail of the body that was read? */
static bool goes_on(const struct legacy_reader *r)
{
    return r->options.checkpoints != LEGACY_CHECKPOINTS_NEVER && !r->body.last_checkpoint &&
           !(r->options.skip_qemu && r->options.guest == GUEST_HVM);
}

enum step end_body(struct legacy_reader *r, struct cls_error *err)
{
    if (is_compressed(r) && !r->looking && !compressed_end(r, err))
        return STEP_FAILED;
    r->body.bodies++;
    r->body.verify = false;
    r->phase = !r->looking && goes_on(r) ? PHASE_CHECKPOINT : tail_phase(r);
    return STEP_AGAIN;
}

/* Everything before offset was given, everything behind comes to be looked at. */
static void keep_from(struct legacy_reader *r, uint64_t offset)
{
    if (r->source->is_regular)
        return;
    if (!r->source->copy) {
        r->source->copy = r->options.spool;
        cls_input_init(&r->spooled, r->options.spool->fd, "the temporary file", offset,
                       r->source->watch);
        r->spooled.changes = true; /* as soon as spool_forget() */
    }
    spool_forget(r->options.spool, offset);
}

/* Takes up reading at an offset that was kept, or where the input stands. */
static bool go_to(struct legacy_reader *r, uint64_t offset, struct cls_error *err)
{
    r->data_end = 0;
    if (r->source->is_regular)
        return cls_input_seek(r->source, offset, err);
    r->in = offset == r->source->offset ? r->source : &r->spooled;
    return r->in == r->source || cls_input_seek(r->in, offset, err);
}

/* Reads to the end of the tail, to see that it is there; nothing else comes of it. */
static bool look(struct legacy_reader *r, enum reader_phase from, struct cls_error *err)
{
    struct image_item item;
    bool ok = true;

    r->phase = from;
    while (ok && r->phase != PHASE_END)
        ok = take_step(r, &item, err) != STEP_FAILED && skip_bulk(r, err);
    return ok;
}

/* What looking must leave as it was. */
struct before {
    struct body_state body;
    const struct cls_log *log;
};

static struct before begin_look(struct legacy_reader *r)
{
    struct before before = {r->body, r->log};

    r->log = NULL;
    r->looking = true;
    return before;
}

static void end_look(struct legacy_reader *r, const struct before *before)
{
    r->body = before->body;
    r->log = before->log;
    r->looking = false;
}

/* Does anything that may be a body follow? Nothing is consumed. */
static bool see_body(struct legacy_reader *r, bool *there, struct cls_error *err)
{
    bool told = r->options.checkpoints == LEGACY_CHECKPOINTS_YES;
    const uint8_t *bytes;
    size_t n;

    if (!cls_input_peek(r->in, told ? 1 : BODY_LOOK, &bytes, &n, err))
        return false;
    *there = n > 0 && (told || legacy_is_body(bytes, n, r->options.width, r->p2m_size));
    return true;
}

/* Is there a further checkpoint behind next, where the last one ends, and is it complete? */
static bool find_checkpoint(struct legacy_reader *r, uint64_t next, bool *found,
                            struct cls_error *err)
{
    struct before before;
    struct cls_error why;
    bool there;

    *found = false;
    if (!go_to(r, next, err) || !see_body(r, &there, err))
        return false;
    if (!there)
        return true;
    before = begin_look(r);
    *found = look(r, PHASE_BODY, &why);
    end_look(r, &before);
    if (*found)
        return true;
    if (why.status != CLS_BAD_INPUT) {
        *err = why;
        return false;
    }
    r->rest_dropped = true;
    cls_warn(r->log,
             "byte 0x%" PRIx64 ": checkpoint %u is incomplete: dropped, the guest is that of "
             "checkpoint %u (byte 0x%" PRIx64 ": %s: %s)",
             next, r->body.bodies + 1, r->body.bodies, why.offset, why.place, why.reason);
    return true;
}

/* Goes to the next body, if the checkpoint there is complete, else back to the tail. */
static bool choose(struct legacy_reader *r, uint64_t tail, struct cls_error *err)
{
    uint64_t next = r->in->offset;
    bool found;

    if (!find_checkpoint(r, next, &found, err) || !go_to(r, found ? next : tail, err))
        return false;
    if (!found) {
        cls_info(r->log, "checkpoints: %u", r->body.bodies);
        r->phase = tail_phase(r);
        return true;
    }
    tell_part(r, "tail of a checkpoint", tail, 0);
    r->phase = PHASE_BODY;
    return !is_compressed(r) || compressed_begin(r, err);
}

enum step put_off_tail(struct legacy_reader *r, struct cls_error *err)
{
    uint64_t tail = r->in->offset;
    struct before before;
    bool ok;

    keep_from(r, tail);
    before = begin_look(r);
    ok = look(r, tail_phase(r), err);
    end_look(r, &before);
    return ok && choose(r, tail, err) ? STEP_AGAIN : STEP_FAILED;
}

/* Looks at the checkpoint at offset, and then again to count its pages. */
static bool count_checkpoint(struct legacy_reader *r, uint64_t offset, struct cls_error *err)
{
    const struct body_state before = r->body;
    bool ok = look(r, PHASE_BODY, err) && go_to(r, offset, err);

    r->body = before;
    r->counting = true;
    ok = ok && look(r, PHASE_BODY, err);
    r->counting = false;
    return ok;
}

/* All complete checkpoints; that the first is one, the reader finds out later. */
static bool count_checkpoints(struct legacy_reader *r, struct cls_error *err)
{
    bool there = true;

    while (there) {
        if (!count_checkpoint(r, r->in->offset, err))
            return err->status == CLS_BAD_INPUT;
        there = goes_on(r);
        if (there && !see_body(r, &there, err))
            return false;
    }
    return true;
}

enum step survey(struct legacy_reader *r, struct cls_error *err)
{
    uint64_t start = r->in->offset;
    struct before before;
    bool ok;

    r->phase = PHASE_BODY;
    if (!r->options.compact)
        return STEP_AGAIN;
    r->compact = compact_new(r->p2m_size, err);
    if (!r->compact)
        return STEP_FAILED;
    before = begin_look(r);
    ok = count_checkpoints(r, err) && go_to(r, start, err);
    end_look(r, &before);
    r->phase = PHASE_BODY;
    return ok ? STEP_AGAIN : STEP_FAILED;
}
