#include "pool_run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_signals.h"
#include "slot.h"

#define POLL_INTERVAL_NS 250000000L
#define SMALL            (UINT64_C(1) << 20) /* bytes; converted in a few milliseconds */

static void show_progress(struct pool *pool,
                          void (*show)(struct progress *, const struct progress_item *, size_t))
{
    struct progress_item items[PROGRESS_ITEMS_MAX];
    size_t n = 1;
    uint64_t failed = pool->reports->totals.results[ROW_FAILED];
    char name[96], failures[32] = "";

    if (failed > 0)
        snprintf(failures, sizeof(failures), ", %llu failed", (unsigned long long)failed);
    snprintf(name, sizeof(name), "%zu of %zu files%s", pool->finished, pool->count, failures);
    items[0] = (struct progress_item){
        .name = name, .done = pool->done, .total = pool->bytes, .started = pool->progress->started};
    for (unsigned i = 0; i < pool->options->jobs; i++) {
        const struct slot *slot = &pool->slots[i];
        const struct task *task;

        if (slot->count == 0)
            continue;
        task = &pool->tasks[slot->tasks[0]];
        items[0].done += slot->worker.offset < task->size ? slot->worker.offset : task->size;
        if (pool->options->jobs < PROGRESS_ITEMS_MAX)
            items[n++] = (struct progress_item){.name = task->path,
                                                .done = slot->worker.offset,
                                                .total = task->size,
                                                .started = slot->started};
    }
    show(pool->progress, items, n);
}

/* Does the slot have a task and a worker? After a signal it may have tasks without a worker. */
static bool is_busy(const struct slot *slot)
{
    return slot->worker.pid != 0 && slot->count > 0;
}

static bool is_idle(const struct pool *pool)
{
    for (unsigned i = 0; i < pool->options->jobs; i++)
        if (is_busy(&pool->slots[i]))
            return false;
    return true;
}

/* Waits until a worker has sent something, a signal is received, or a time-out may be due. */
static bool wait_for_messages(const struct pool *pool, struct pollfd *fds, struct cls_error *err)
{
    bool has_timeout = pool->progress->enabled || pool->options->timeout || pool->ended_by;
    struct timespec wait = {.tv_nsec = POLL_INTERVAL_NS};
    nfds_t n = 0;

    for (unsigned i = 0; i < pool->options->jobs; i++)
        if (is_busy(&pool->slots[i]))
            fds[n++] = (struct pollfd){.fd = pool->slots[i].worker.events_fd, .events = POLLIN};
    if (ppoll(fds, n, has_timeout ? &wait : NULL, &pool->setup.signals) < 0 && errno != EINTR)
        return cls_fail_errno(err, errno, "cannot wait for the workers");
    return true;
}

/* May the next task be queued in a slot that has one? Only if both are small. */
static bool may_queue(const struct pool *pool, const struct slot *slot)
{
    return slot->count < SLOT_TASKS && pool->tasks[pool->next].size <= SMALL &&
           pool->tasks[slot->tasks[0]].size <= SMALL;
}

/* Large saves are limited to one for each processor: more at once would not be faster. */
static bool may_assign(const struct pool *pool, unsigned slot)
{
    return slot < pool->options->large_jobs || pool->tasks[pool->next].size <= SMALL;
}

/* Assigns tasks: first one to each free slot, then a second one. */
static bool assign_tasks(struct pool *pool, struct cls_error *err)
{
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < pool->options->jobs; i++) {
            struct slot *slot = &pool->slots[i];

            while (pool->next < pool->count && !slot->terminating && !slot->closed &&
                   may_assign(pool, i) &&
                   (slot->count == 0 || (round > 0 && may_queue(pool, slot))))
                if (!slot_add(pool, slot, err))
                    return false;
        }
    }
    return true;
}

/* Called before workers are examined: the same signal may have ended them, too. */
static void handle_signals(struct pool *pool)
{
    if (batch_signals_ending() && !pool->ended_by) {
        pool->ended_by = batch_signals_ending();
        for (unsigned i = 0; i < pool->options->jobs; i++)
            if (is_busy(&pool->slots[i]) && !pool->slots[i].terminating)
                slot_terminate(&pool->slots[i]);
    }
    if (batch_signals_take_usr1())
        show_progress(pool, progress_print);
}

static bool run(struct pool *pool, struct pollfd *fds, struct cls_error *err)
{
    batch_signals_block(&pool->setup.signals);
    handle_signals(pool); /* signals received before they were blocked do not end ppoll() */
    for (;;) {
        if (!pool->ended_by && !assign_tasks(pool, err))
            return false;
        if (is_idle(pool))
            return true;
        if (!wait_for_messages(pool, fds, err))
            return false;
        handle_signals(pool);
        for (unsigned i = 0; i < pool->options->jobs; i++)
            if (!slot_update(pool, &pool->slots[i], err))
                return false;
        if (progress_due(pool->progress))
            show_progress(pool, progress_show);
    }
}

/* Ends all workers. They still have tasks only if the batch itself has failed. */
static void stop_all(struct pool *pool)
{
    double deadline = progress_now() + SLOT_GRACE;

    for (unsigned i = 0; i < pool->options->jobs; i++)
        if (is_busy(&pool->slots[i]))
            kill(pool->slots[i].worker.pid, SIGTERM);
    for (unsigned i = 0; i < pool->options->jobs; i++)
        worker_stop(&pool->slots[i].worker, deadline);
}

bool pool_run(struct pool *pool, struct cls_error *err)
{
    struct pollfd *fds = calloc(pool->options->jobs, sizeof(*fds));
    bool ok;

    pool->setup.tasks = pool->tasks;
    pool->setup.place = pool->place;
    pool->slots = calloc(pool->options->jobs, sizeof(*pool->slots));
    if (!fds || !pool->slots) {
        free(fds);
        free(pool->slots);
        return cls_fail_errno(err, ENOMEM, "cannot start the workers");
    }
    ok = run(pool, fds, err);
    progress_clear(pool->progress);
    stop_all(pool);
    free(fds);
    free(pool->slots);
    return ok;
}
