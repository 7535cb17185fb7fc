/*
 * The state of a running batch, and messages about its files.
 */
#ifndef BATCH_POOL_H
#define BATCH_POOL_H

#include "batch.h"
#include "path_list.h"
#include "place.h"
#include "worker.h"

struct pool {
    const struct batch_options *options;
    struct worker_setup setup; /* signals: also the mask for ppoll() */
    struct place place;
    struct messages *messages;
    struct progress *progress;
    struct reports *reports;
    struct path_list list;  /* all files */
    struct task *tasks;     /* files to convert; their paths belong to list */
    size_t count, next;     /* number of tasks; index of the next one to assign */
    uint64_t bytes, done;   /* total size of all tasks, and of the finished ones */
    size_t finished;        /* number of finished tasks */
    struct slot *slots;     /* options->jobs of them */
    bool warned_of_workers; /* fewer workers could be started; the warning was printed */
    int ended_by;           /* signal that ended the batch; 0: none */
};

/* Prints a message about the file at path. */
void pool_log(const struct pool *pool, const char *path, enum cls_log_level level,
              const char *text);

/*
 * Adds the row of the file at path to the reports, and prints row->why, if any. Sets row->path and
 * takes ownership of everything that row points to.
 */
bool pool_report(struct pool *pool, const char *path, struct row *row,
                 struct cls_error *err) CLS_MUST_CHECK;

#endif
