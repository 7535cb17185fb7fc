#include "batch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "batch_signals.h"
#include "lazy/sha256.h"
#include "plan.h"
#include "pool_run.h"

/*
 * Conversions of small saves spend most of their time in fsync(). The file system commits several
 * at once, so more jobs than processors pay off.
 */
#define WAITING_JOBS 4

static unsigned count_processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/*
 * Is the directory dir equal to above, or below it? If the input were in the output, results could
 * overwrite inputs.
 */
static bool is_at_or_below(const struct stat *above, int dir)
{
    struct stat st, last = {0};
    int fd = dir;
    bool found = false;

    while (fd >= 0 && fstat(fd, &st) == 0 && !(found = fd_same_file(&st, above)) &&
           !fd_same_file(&st, &last)) {
        int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (fd != dir)
            close(fd);
        fd = up;
        last = st;
    }
    if (fd >= 0 && fd != dir)
        close(fd);
    return found;
}

/* Syncs the parent of a new directory, so that its name is on disk. */
static bool sync_parent(int dir)
{
    int parent = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

    if (parent < 0) /* writable, but not readable */
        return syncfs(dir) == 0;
    rc = fsync(parent);
    close(parent);
    return rc == 0 || errno == EINVAL;
}

static bool open_roots(struct place *place, bool replace, struct stat *out, struct cls_error *err)
{
    struct stat in;
    bool made;

    place->in_root = open(place->in_label, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Users who cannot read the input directory must not be able to read the output directory. */
    if (place->in_root < 0 || fstat(place->in_root, &in) != 0)
        return cls_fail_errno(err, errno, "cannot open %s", place->in_label);
    made = mkdir(place->out_label, 0700 | (in.st_mode & 0777)) == 0;
    if (!made && errno != EEXIST)
        return cls_fail_errno(err, errno, "cannot make %s", place->out_label);
    place->out_root = open(place->out_label, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->out_root < 0 && errno == ENOTDIR)
        return cls_fail(err, CLS_USAGE, "%s is a directory, but %s is not", place->in_label,
                        place->out_label);
    if (place->out_root < 0 || fstat(place->out_root, out) != 0)
        return cls_fail_errno(err, errno, "cannot open %s", place->out_label);
    if (made && place->sync && !sync_parent(place->out_root))
        return cls_fail_errno(err, errno, "cannot sync the directory of %s", place->out_label);
    place_begin(place);
    if (!replace && is_at_or_below(out, place->in_root))
        return cls_fail(err, CLS_USAGE, "input %s is the output %s or inside it", place->in_label,
                        place->out_label);
    return true;
}

static bool list_files(const struct pool *pool, const struct stat *out, struct path_list *list,
                       struct cls_error *err)
{
    const struct batch_options *o = pool->options;

    return o->files_from ? path_list_read(list, o->files_from, &o->shard, err)
                         : path_list_walk(list, pool->place.in_root,
                                          pool->setup.options.replace ? NULL : out, &o->shard, err);
}

/* Prints the totals, with the labels that the reports use. */
static void print_summary(const struct pool *pool)
{
    const struct row_totals *t = &pool->reports->totals;
    struct messages messages = *pool->messages;
    char part[64] = "", rest[64] = "", results[32 * ROW_RESULTS];
    size_t not_reached = pool->count - pool->finished, len = 0;

    messages.subject = pool->place.in_label;
    if (pool->options->shard.count > 0)
        snprintf(part, sizeof(part), "part %u of %u: ", pool->options->shard.number,
                 pool->options->shard.count);
    for (int i = 0; i < ROW_RESULTS; i++)
        len += (size_t)snprintf(results + len, sizeof(results) - len, ", %" PRIu64 " %s",
                                t->results[i], row_result_label((enum row_result)i));
    if (not_reached > 0)
        snprintf(rest, sizeof(rest), "; %zu not reached", not_reached);
    messages_note(&messages, "%s%" PRIu64 " files: %s%s", part, t->rows, results + strlen(", "),
                  rest);
}

/* Lists the files, converts them, and finishes the reports. */
static bool list_and_convert(struct pool *pool, struct cls_error *err)
{
    struct stat out;
    bool ok = open_roots(&pool->place, pool->setup.options.replace, &out, err) &&
              list_files(pool, &out, &pool->list, err) && plan_make(pool, err);

    pool->ended_by = batch_signals_ending();
    if (pool->ended_by)
        return cls_fail(err, CLS_SYSTEM, "%s: stopped by signal %d before the first conversion",
                        pool->place.in_label, pool->ended_by);
    if (ok) {
        pool->progress->started = progress_now();
        ok = pool_run(pool, err);
    }
    return ok && reports_finish(pool->reports,
                                (uint64_t)((progress_now() - pool->progress->started) * 1e6),
                                pool->count - pool->finished, err);
}

static void release(struct pool *pool)
{
    free(pool->tasks);
    path_list_free(&pool->list);
    place_free(&pool->place);
    if (pool->place.in_root >= 0)
        close(pool->place.in_root);
    if (pool->place.out_root >= 0)
        close(pool->place.out_root);
}

int batch_run(const struct convert_options *convert, const struct batch_options *options,
              enum progress_mode progress_mode, struct messages *messages)
{
    struct batch_options resolved = *options;
    struct progress progress = {.program = messages->program};
    struct reports reports = {0};
    struct pool pool = {
        .options = &resolved,
        .setup = {.options = *convert,
                  .digests = options->digests,
                  .copy_others = options->copy_others,
                  .log = messages->verbosity >= NORMAL,
                  .log_level = messages->verbosity >= VERBOSE ? CLS_LOG_INFO : CLS_LOG_WARNING},
        .place = {.in_root = -1,
                  .out_root = -1,
                  .in_label = convert->in,
                  .out_label = convert->out,
                  .sync = !convert->no_sync,
                  .in = {.fd = -1},
                  .out = {.fd = -1}},
        .messages = messages,
        .progress = &progress,
        .reports = &reports,
    };
    struct cls_error err;
    int status;
    bool ok;

    resolved.large_jobs = resolved.jobs ? resolved.jobs : count_processors();
    if (resolved.jobs == 0)
        resolved.jobs = resolved.large_jobs * (convert->no_sync ? 1 : WAITING_JOBS);
    messages->before_line = progress_clear;
    messages->before_line_ctx = &progress;
    batch_signals_install();
    progress_start(&progress, progress_mode, messages->verbosity <= QUIET);
    ok = (!options->digests || lazy_sha256(&err)) &&
         reports_open(&reports, options->reports, options->report_count, true, &err) &&
         list_and_convert(&pool, &err);
    if (ok)
        print_summary(&pool);
    else
        messages_error(messages, &err);
    status = pool.ended_by ? 128 + pool.ended_by
             : !ok         ? (int)err.status
                           : (int)row_totals_status(&reports.totals);
    release(&pool);
    reports_close(&reports);
    return status;
}
