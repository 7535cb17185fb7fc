/*
 * A worker with what it has to do: the task that it is at, and the next, so that it need not wait.
 */
#ifndef BATCH_SLOT_H
#define BATCH_SLOT_H

#include "pool.h"

#define SLOT_TASKS 2
#define SLOT_GRACE 5.0 /* seconds from SIGTERM to SIGKILL */

struct slot {
    struct worker worker;
    size_t tasks[SLOT_TASKS]; /* the worker is at the first */
    unsigned count;
    double begun, deadline; /* of the first; deadline: when it gets the next signal, 0: never */
    bool told_to_end, timed_out;
    bool closed; /* no worker can be had for it: the others do what is left */
    bool over;   /* it was told to end, and its last task is over: it is about to */
};

/*
 * Adds the pool's next task, for which there must be room. Where no worker can be had (too many
 * files open, too many processes), the slot is closed instead; false: so are all others.
 */
bool slot_add(struct pool *pool, struct slot *slot, struct cls_error *err) CLS_MUST_CHECK;

/* Takes the worker's news: makes rows of what has ended, ends what takes too long. */
bool slot_look_after(struct pool *pool, struct slot *slot, struct cls_error *err) CLS_MUST_CHECK;

/* The worker ends its task and itself; asked again, by force. */
void slot_end(struct slot *slot);

#endif
