/*
 * A batch while it goes on, and what is told of its files.
 */
#ifndef BATCH_POOL_H
#define BATCH_POOL_H

#include "batch.h"
#include "path_list.h"
#include "place.h"
#include "worker.h"

struct pool {
    const struct batch_options *options;
    struct worker_setup
        setup; /* its place and tasks are ours, its signals the mask while waiting */
    struct place place;
    struct messages *messages;
    struct progress *progress;
    struct reports *reports;
    struct path_list list; /* all files */
    struct task *tasks;    /* those to be worked on; the paths are the list's */
    size_t count, next;    /* tasks[next] comes next */
    uint64_t bytes, done;  /* of all tasks, and of those that are over */
    size_t finished;
    struct slot *slots;    /* options->jobs of them */
    bool short_of_workers; /* there are fewer, as was said */
    int ended_by;          /* the signal; 0: none */
};

/* A remark about a file. */
void pool_tell(const struct pool *pool, const char *path, enum cls_log_level level,
               const char *text);

/*
 * The row of the file at path, whoever came to it, with what there is to say. row has no path yet;
 * what it points to is taken over.
 */
bool pool_report(struct pool *pool, const char *path, struct row *row,
                 struct cls_error *err) CLS_MUST_CHECK;

#endif
