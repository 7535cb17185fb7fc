/*
 * Parallel conversions. A worker is a process that receives tasks and runs each like a single
 * conversion, so another process does the parsing (convert/apart.h). Forking that process dominates
 * for small saves, so it must run in parallel, too.
 */
#ifndef BATCH_WORKER_H
#define BATCH_WORKER_H

#include <signal.h>
#include <sys/types.h>

#include "convert/convert.h"
#include "place.h"
#include "row.h"

/* A file to convert. */
struct task {
    const char *path; /* relative to the input directory */
    uint64_t size;
};

/* Settings that all workers of a batch share. */
struct worker_setup {
    struct convert_options options; /* without in, out and ends */
    bool digests;                   /* compute SHA-256; nettle is loaded */
    bool copy_others;               /* copy files that are not legacy saves */
    bool log;                       /* send log lines */
    enum cls_log_level log_level;   /* the highest level to send */
    sigset_t signals;               /* signal mask of the worker */
    struct place place;             /* roots and labels */
    const struct task *tasks;       /* all tasks of the batch */
};

struct worker_result {
    bool ok, copied;
    bool name_taken; /* failed: a file with the output's name was created meanwhile */
    enum convert_input input;
    struct cls_error err; /* unless ok: the reason, also of a copied file */
    struct row found;     /* only the members that a conversion fills */
};

enum worker_event {
    WORKER_NO_EVENT, /* no message is pending */
    WORKER_OFFSET,   /* offset has changed */
    WORKER_LINE,     /* level and line are filled */
    WORKER_ENDED,    /* the task is finished; result is filled */
};

struct worker {
    pid_t pid;       /* 0: there is none */
    int tasks_fd;    /* pipe to it */
    int events_fd;   /* pipe from it; non-blocking */
    uint64_t offset; /* in the input of the current task */
    enum cls_log_level level;
    char line[400];
    struct worker_result result;
};

/* Starts a worker. The signals of batch_signals_install() must be blocked. */
bool worker_start(struct worker *worker, const struct worker_setup *setup,
                  struct cls_error *err) CLS_MUST_CHECK;

/* Assigns a task (an index in setup->tasks). The pipe can hold some hundred unfinished ones. */
bool worker_assign(struct worker *worker, size_t task, struct cls_error *err) CLS_MUST_CHECK;

/* Receives a message, if one is pending, into the members of worker. */
enum worker_event worker_receive(struct worker *worker);

/*
 * Closes the pipes, which makes the worker exit after its tasks, and waits for it. At the deadline
 * (in terms of progress_now(); 0: none) it is killed. Returns its wait status.
 */
int worker_stop(struct worker *worker, double deadline);

#endif
