#include "slot.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "classify.h"

/* Starts the clock for the first task. */
static void start_clock(const struct pool *pool, struct slot *slot)
{
    slot->started = progress_now();
    slot->deadline = pool->options->timeout ? slot->started + pool->options->timeout : 0;
}

/* Removes the first task; a second one becomes the first. */
static void drop_first(const struct pool *pool, struct slot *slot)
{
    slot->exiting = slot->terminating;
    slot->count--;
    memmove(slot->tasks, slot->tasks + 1, slot->count * sizeof(*slot->tasks));
    start_clock(pool, slot);
}

/* The first task is finished: reports its row. */
static bool finish(struct pool *pool, struct slot *slot, struct row *row, struct cls_error *err)
{
    const struct task *task = &pool->tasks[slot->tasks[0]];

    row->bytes_in = task->size;
    if (!row->usec) /* no result from the worker */
        row->usec = (uint64_t)((progress_now() - slot->started) * 1e6);
    pool->done += task->size;
    pool->finished++;
    drop_first(pool, slot);
    return pool_report(pool, task->path, row, err);
}

static bool fail(struct pool *pool, struct slot *slot, const struct cls_error *why,
                 struct cls_error *err)
{
    struct row row = {.result = ROW_FAILED, .status = why->status};

    row_explain(&row, why);
    return finish(pool, slot, &row, err);
}

/* Starts a new worker and assigns all tasks of the slot to it. */
static bool restart(struct pool *pool, struct slot *slot, struct cls_error *err)
{
    struct cls_error why;
    bool ok = worker_start(&slot->worker, &pool->setup, &why);

    slot->terminating = slot->timed_out = slot->exiting = false;
    start_clock(pool, slot);
    for (unsigned i = 0; ok && i < slot->count; i++)
        ok = worker_assign(&slot->worker, slot->tasks[i], &why);
    while (!ok && slot->count > 0)
        if (!fail(pool, slot, &why, err))
            return false;
    return true;
}

/* No worker can be started: closes the slot. Fails if no other slot has a worker. */
static bool close_slot(struct pool *pool, struct slot *slot, const struct cls_error *why,
                       struct cls_error *err)
{
    unsigned workers = 0;

    for (unsigned i = 0; i < pool->options->jobs; i++)
        workers += pool->slots[i].worker.pid != 0;
    if (workers == 0) {
        *err = *why;
        return false;
    }
    slot->closed = true;
    if (!pool->warned_of_workers)
        messages_log(pool->messages, CLS_LOG_WARNING, why->reason);
    pool->warned_of_workers = true;
    return true;
}

bool slot_add(struct pool *pool, struct slot *slot, struct cls_error *err)
{
    struct cls_error why;
    size_t task = pool->next;

    if (slot->worker.pid == 0 && !worker_start(&slot->worker, &pool->setup, &why))
        return close_slot(pool, slot, &why, err);
    pool->next++;
    slot->tasks[slot->count++] = task;
    if (slot->count == 1)
        start_clock(pool, slot);
    if (worker_assign(&slot->worker, task, &why))
        return true;
    if (slot->count > 1)
        return true; /* the worker has exited; slot_update() will handle it */
    worker_stop(&slot->worker, 0);
    return restart(pool, slot, err);
}

void slot_terminate(struct slot *slot)
{
    kill(slot->worker.pid, slot->terminating ? SIGKILL : SIGTERM);
    slot->terminating = true;
    slot->deadline = progress_now() + SLOT_GRACE;
}

/* Fills why with the reason for a missing result. */
static void explain_exit(const struct pool *pool, const struct slot *slot, int wstatus,
                         struct cls_error *why)
{
    char name[256]; /* a long one is cut off rather than the reason */

    snprintf(name, sizeof(name), "%s/%s", pool->place.in_label, pool->tasks[slot->tasks[0]].path);
    if (slot->timed_out)
        cls_fail(why, CLS_SYSTEM, "%s: not finished after %u s (--timeout)", name,
                 pool->options->timeout);
    else if (WIFSIGNALED(wstatus))
        cls_fail(why, CLS_SYSTEM, "%s: conversion process was killed by signal %d (%s)", name,
                 WTERMSIG(wstatus), strsignal(WTERMSIG(wstatus)));
    else
        cls_fail(why, CLS_SYSTEM, "%s: conversion process exited without a result, status %d", name,
                 WEXITSTATUS(wstatus));
}

/* Has another run (on this machine or another) converted the same file meanwhile? */
static bool converted_elsewhere(struct pool *pool, const struct slot *slot)
{
    struct cls_error ignored;
    const char *name;
    struct stat st;

    return !pool->options->force && !pool->setup.options.replace &&
           place_enter(&pool->place, pool->tasks[slot->tasks[0]].path, true, &name, &ignored) &&
           fstatat(pool->place.in_dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           place_is_up_to_date(&pool->place, name, &st);
}

/* Fills the row from the worker's result. */
static void fill_row(struct pool *pool, struct slot *slot, struct row *row)
{
    const struct worker_result *r = &slot->worker.result;
    bool bad = r->err.status == CLS_BAD_INPUT;
    const char *path = pool->tasks[slot->tasks[0]].path;

    *row = r->found;
    if (r->ok)
        return;
    if (bad && r->input != CONVERT_INPUT_LEGACY)
        *row = (struct row){.result = classify_rejected(r->input, path),
                            .copied = r->copied,
                            .bytes_out = r->found.bytes_out};
    else if (r->name_taken && converted_elsewhere(pool, slot))
        row->result = ROW_UP_TO_DATE;
    else
        row->result = ROW_FAILED;
    if (row->result == ROW_FAILED)
        row->status = r->err.status;
    if (row->result != ROW_UP_TO_DATE)
        row_explain(row, &r->err);
}

/* The worker has sent the result of the first task. */
static bool finish_result(struct pool *pool, struct slot *slot, struct cls_error *err)
{
    struct row row;

    fill_row(pool, slot, &row);
    return finish(pool, slot, &row, err);
}

/* Receives all pending messages of the worker. */
static bool receive(struct pool *pool, struct slot *slot, struct cls_error *err)
{
    while (slot->count > 0) {
        switch (worker_receive(&slot->worker)) {
        case WORKER_NO_EVENT:
            return true;
        case WORKER_LINE:
            pool_log(pool, pool->tasks[slot->tasks[0]].path, slot->worker.level, slot->worker.line);
            break;
        case WORKER_ENDED:
            if (!finish_result(pool, slot, err))
                return false;
            break;
        case WORKER_OFFSET:
            break;
        }
    }
    return true;
}

/* The worker has exited: reaps it, and starts another one if there are tasks left. */
static bool replace(struct pool *pool, struct slot *slot, struct cls_error *err)
{
    struct cls_error why;
    int wstatus;

    if (!receive(pool, slot, err))
        return false;
    wstatus = worker_stop(&slot->worker, 0);
    if (slot->count > 0 && !slot->exiting) {
        if (slot->terminating && !slot->timed_out) {
            drop_first(pool, slot); /* not converted, no row */
        } else {
            explain_exit(pool, slot, wstatus, &why);
            if (!fail(pool, slot, &why, err))
                return false;
        }
    }
    return slot->count == 0 || pool->ended_by || restart(pool, slot, err);
}

bool slot_update(struct pool *pool, struct slot *slot, struct cls_error *err)
{
    siginfo_t info = {0};

    if (slot->worker.pid == 0)
        return true; /* ended by a signal; its tasks stay unfinished */
    if (!receive(pool, slot, err))
        return false;
    if (waitid(P_PID, (id_t)slot->worker.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid != 0)
        return replace(pool, slot, err);
    if (slot->count > 0 && slot->deadline > 0 && progress_now() >= slot->deadline) {
        slot->timed_out |= !slot->terminating;
        slot_terminate(slot);
    }
    return true;
}
