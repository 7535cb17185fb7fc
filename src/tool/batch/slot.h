/*
 * A worker with its current task and a queued one, so that it need not wait between tasks.
 */
#ifndef BATCH_SLOT_H
#define BATCH_SLOT_H

#include "pool.h"

#define SLOT_TASKS 2
#define SLOT_GRACE 5.0 /* seconds from SIGTERM to SIGKILL */

struct slot {
    struct worker worker;
    size_t tasks[SLOT_TASKS]; /* indexes in pool->tasks; the worker converts the first */
    unsigned count;
    double started, deadline; /* of the first; deadline: time of the next signal to it, 0: never */
    bool terminating;         /* SIGTERM was sent */
    bool timed_out;           /* because of --timeout */
    bool closed;              /* no worker can be started; other slots take the tasks */
    bool exiting;             /* SIGTERM was sent and a task has ended: the worker will exit */
};

/*
 * Assigns the pool's next task, for which there must be room. If no worker can be started (limits
 * on files or processes), closes the slot instead. Fails if no slot has a worker.
 */
bool slot_add(struct pool *pool, struct slot *slot, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Receives the worker's messages, reports rows of finished tasks, replaces a worker that has
 * exited, and enforces the deadline.
 */
bool slot_update(struct pool *pool, struct slot *slot, struct cls_error *err) CLS_MUST_CHECK;

/* Sends SIGTERM to the worker; SIGKILL when called again. */
void slot_terminate(struct slot *slot);

#endif
