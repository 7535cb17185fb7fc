#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batch_signals.h"

#define GRACE       5.0 /* seconds from SIGTERM to SIGKILL */
#define SHORT_WAIT  0.25
#define NO_DEADLINE 0

/* A place for a worker. */
struct slot {
    bool busy;
    struct worker worker;
    size_t task;
    char *in_name;          /* for messages */
    double begun, deadline; /* deadline: when it gets the next signal */
    bool told_to_end, timed_out;
    bool copying;
    struct row before; /* copying: what the conversion found; without a path */
};

bool pool_report(struct pool *pool, struct row *row, struct cls_error *err)
{
    struct messages messages = *pool->messages;
    char *name;

    if (row->why && asprintf(&name, "%s/%s", pool->place.in_label, row->path) >= 0) {
        messages.subject = name;
        if (row->result == ROW_FAILED)
            messages_error(&messages, row->why);
        else
            messages_log(&messages, CLS_LOG_INFO, row->why->reason);
        free(name);
    }
    return reports_add(pool->reports, row, err);
}

/* Ready for the next task, the worker too. */
static void slot_clear(struct slot *slot)
{
    struct worker worker = slot->worker;

    free(slot->in_name);
    free(slot->before.why);
    *slot = (struct slot){.worker = worker};
}

/* Gives the slot's task to its worker, of which there may be none yet, or none any more. */
static bool slot_start(struct pool *pool, struct slot *slot, struct cls_error *err)
{
    if ((slot->worker.pid == 0 && !worker_start(&slot->worker, &pool->setup, err)) ||
        !worker_order(&slot->worker, slot->task, slot->copying, err))
        return false;
    slot->deadline = pool->options->timeout ? progress_now() + pool->options->timeout : NO_DEADLINE;
    slot->busy = true;
    pool->running++;
    return true;
}

/* Makes the row from what is in the slot, and empties it. */
static bool slot_finish(struct pool *pool, struct slot *slot, struct row *row,
                        struct cls_error *err)
{
    struct task *task = &pool->tasks[slot->task];

    row->path = task->path;
    row->bytes_in = task->size;
    task->path = NULL;
    row->usec = (uint64_t)((progress_now() - slot->begun) * 1e6);
    pool->done += task->size;
    pool->finished++;
    slot_clear(slot);
    return pool_report(pool, row, err);
}

static bool slot_fail(struct pool *pool, struct slot *slot, const struct cls_error *why,
                      struct cls_error *err)
{
    struct row row = {.result = ROW_FAILED, .status = why->status};

    row_explain(&row, why);
    return slot_finish(pool, slot, &row, err);
}

/* False: the batch can't go on. A task that can't be started fails alone. */
static bool start_next(struct pool *pool, struct slot *slot, struct cls_error *err)
{
    struct cls_error why;

    slot->task = pool->next++;
    slot->begun = progress_now();
    if (asprintf(&slot->in_name, "%s/%s", pool->place.in_label, pool->tasks[slot->task].path) < 0) {
        slot->in_name = NULL;
        return cls_fail_errno(err, ENOMEM, "cannot start a worker");
    }
    return slot_start(pool, slot, &why) || slot_fail(pool, slot, &why, err);
}

/* Why there is no result. */
static void explain_end(const struct pool *pool, const struct slot *slot, struct cls_error *why)
{
    int wstatus = slot->worker.wstatus;

    if (slot->timed_out)
        cls_fail(why, CLS_SYSTEM, "%s: not done after %u s (--timeout)", slot->in_name,
                 pool->options->timeout);
    else if (WIFSIGNALED(wstatus))
        cls_fail(why, CLS_SYSTEM, "%s: its process was ended by signal %d (%s)", slot->in_name,
                 WTERMSIG(wstatus), strsignal(WTERMSIG(wstatus)));
    else
        cls_fail(why, CLS_SYSTEM, "%s: its process ended without a result, status %d",
                 slot->in_name, WEXITSTATUS(wstatus));
}

/* Others (a part of an earlier run, another machine) may have been at the same file. */
static bool came_up_meanwhile(struct pool *pool, const struct slot *slot)
{
    struct cls_error ignored;
    const char *name;
    struct stat st;

    return place_enter(&pool->place, pool->tasks[slot->task].path, &name, &ignored) &&
           fstatat(pool->place.in_dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           place_is_up_to_date(&pool->place, name, &st);
}

/* What the worker's result means for the file. */
static void judge(struct pool *pool, struct slot *slot, struct row *row)
{
    const struct worker_result *r = &slot->worker.result;
    bool bad = r->err.status == CLS_BAD_INPUT;

    *row = slot->copying ? slot->before : r->found;
    slot->before.why = NULL;
    if (r->ok) {
        row->bytes_out = r->found.bytes_out;
        row->copied = slot->copying;
        return;
    }
    if (bad && !slot->copying && r->input != CONVERT_INPUT_LEGACY)
        *row = (struct row){.result = r->input == CONVERT_INPUT_V2 ? ROW_ALREADY_V2 : ROW_OTHER};
    else if (!bad && !pool->options->force && came_up_meanwhile(pool, slot))
        row->result = ROW_UP_TO_DATE;
    else
        row->result = ROW_FAILED;
    if (row->result == ROW_FAILED)
        row->status = r->err.status;
    if (row->result != ROW_UP_TO_DATE)
        row_explain(row, &r->err);
}

/* What is no legacy save is copied, if so wanted, by another worker: this one was in its sandbox.
 */
static bool copy_it(struct pool *pool, struct slot *slot, const struct row *row,
                    struct cls_error *err)
{
    struct cls_error why;

    slot->before = *row;
    slot->copying = true;
    return slot_start(pool, slot, &why) || slot_fail(pool, slot, &why, err);
}

/* Without a result. */
static bool slot_lost(struct pool *pool, struct slot *slot, struct cls_error *err)
{
    struct cls_error why;

    if (slot->told_to_end && !slot->timed_out) {
        slot_clear(slot); /* not its fault: the task stays untouched */
        return true;
    }
    explain_end(pool, slot, &why);
    return slot_fail(pool, slot, &why, err);
}

/* Its task is over. */
static bool slot_ended(struct pool *pool, struct slot *slot, struct cls_error *err)
{
    struct row row;

    slot->busy = false;
    pool->running--;
    if (slot->told_to_end)
        worker_dismiss(&slot->worker); /* so was the worker */
    if (!slot->worker.has_result || slot->worker.garbled)
        return slot_lost(pool, slot, err);
    judge(pool, slot, &row);
    if (pool->options->copy_others && !slot->copying && !pool->ended_by &&
        (row.result == ROW_OTHER || row.result == ROW_ALREADY_V2))
        return copy_it(pool, slot, &row, err);
    return slot_finish(pool, slot, &row, err);
}

/* The worker ends its conversion, and itself. */
static void end_worker(struct slot *slot)
{
    kill(slot->worker.pid, slot->told_to_end ? SIGKILL : SIGTERM);
    slot->told_to_end = true;
    slot->deadline = progress_now() + GRACE;
}

/* Takes all news; *ended: the last was the end of the task. */
static void hear(struct pool *pool, struct slot *slot, bool *ended)
{
    struct messages messages = *pool->messages;

    for (*ended = false; !*ended;) {
        switch (worker_listen(&slot->worker)) {
        case WORKER_SILENT:
            return;
        case WORKER_LINE:
            messages.subject = slot->in_name;
            messages_log(&messages, slot->worker.level, slot->worker.line);
            break;
        case WORKER_GARBAGE:
            slot->worker.garbled = true;
            break;
        case WORKER_ENDED:
            *ended = true;
            break;
        default:
            break;
        }
    }
}

/* The worker itself has ended: what it had to say comes first. */
static bool has_gone(struct pool *pool, struct slot *slot, bool *ended)
{
    siginfo_t info = {0};

    if (waitid(P_PID, (id_t)slot->worker.pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0)
        return false;
    hear(pool, slot, ended);
    if (!*ended)
        slot->worker.wstatus = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
    worker_dismiss(&slot->worker);
    return true;
}

static bool look_after_slot(struct pool *pool, struct slot *slot, struct cls_error *err)
{
    bool ended;

    hear(pool, slot, &ended);
    if (ended || has_gone(pool, slot, &ended))
        return slot_ended(pool, slot, err);
    if (slot->deadline > NO_DEADLINE && progress_now() >= slot->deadline) {
        slot->timed_out |= !slot->told_to_end;
        end_worker(slot);
    }
    return true;
}

/* News, deadlines and ends of all. */
static bool look_after(struct pool *pool, struct cls_error *err)
{
    for (unsigned i = 0; i < pool->options->jobs; i++)
        if (pool->slots[i].busy && !look_after_slot(pool, &pool->slots[i], err))
            return false;
    return true;
}

static void end_all(struct pool *pool)
{
    for (unsigned i = 0; i < pool->options->jobs; i++)
        if (pool->slots[i].busy && !pool->slots[i].told_to_end)
            end_worker(&pool->slots[i]);
}

static void show_progress(struct pool *pool,
                          void (*show)(struct progress *, const struct progress_item *, size_t))
{
    struct progress_item items[PROGRESS_ITEMS_MAX];
    size_t n = 1;
    uint64_t failed = pool->reports->totals.results[ROW_FAILED];
    char name[96], failures[32] = "";

    if (failed > 0)
        snprintf(failures, sizeof(failures), ", %llu failed", (unsigned long long)failed);
    snprintf(name, sizeof(name), "%zu of %zu files%s", pool->next - pool->running, pool->count,
             failures);
    items[0] = (struct progress_item){
        .name = name, .done = pool->done, .total = pool->bytes, .begun = pool->progress->begun};
    for (unsigned i = 0; i < pool->options->jobs; i++) {
        const struct slot *slot = &pool->slots[i];
        const struct task *task;

        if (!slot->busy)
            continue;
        task = &pool->tasks[slot->task];
        items[0].done += slot->worker.offset < task->size ? slot->worker.offset : task->size;
        if (pool->options->jobs < PROGRESS_ITEMS_MAX)
            items[n++] = (struct progress_item){.name = task->path,
                                                .done = slot->worker.offset,
                                                .total = task->size,
                                                .begun = slot->begun};
    }
    show(pool->progress, items, n);
}

/* Until a worker has news, a signal comes, or something is due. */
static bool wait_for_news(struct pool *pool, struct pollfd *fds, struct cls_error *err)
{
    bool hurry = pool->progress->enabled || pool->options->timeout || pool->ended_by;
    struct timespec wait = {.tv_nsec = (long)(SHORT_WAIT * 1e9)};
    nfds_t n = 0;

    for (unsigned i = 0; i < pool->options->jobs; i++)
        if (pool->slots[i].busy)
            fds[n++] = (struct pollfd){.fd = pool->slots[i].worker.news, .events = POLLIN};
    if (ppoll(fds, n, hurry ? &wait : NULL, &pool->setup.signals) < 0 && errno != EINTR)
        return cls_fail_errno(err, errno, "cannot wait for the workers");
    return true;
}

static bool run(struct pool *pool, struct pollfd *fds, struct cls_error *err)
{
    for (;;) {
        for (unsigned i = 0; i < pool->options->jobs && !pool->ended_by; i++)
            while (!pool->slots[i].busy && pool->next < pool->count)
                if (!start_next(pool, &pool->slots[i], err))
                    return false;
        if (pool->running == 0)
            return true;
        if (!wait_for_news(pool, fds, err))
            return false;
        /* First: workers may have had the same signal, and ended of it. */
        if (batch_signals_end() && !pool->ended_by) {
            pool->ended_by = batch_signals_end();
            end_all(pool);
        }
        if (!look_after(pool, err))
            return false;
        if (batch_signals_take_usr1())
            show_progress(pool, progress_tell);
        if (progress_due(pool->progress))
            show_progress(pool, progress_show);
    }
}

/* Busy workers are there only after a failure of the batch itself. */
static void dismiss_all(struct pool *pool)
{
    for (unsigned i = 0; i < pool->options->jobs; i++) {
        struct slot *slot = &pool->slots[i];

        if (slot->busy)
            kill(slot->worker.pid, SIGTERM);
        worker_dismiss(&slot->worker);
        slot_clear(slot);
    }
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
    dismiss_all(pool);
    free(fds);
    free(pool->slots);
    return ok;
}
