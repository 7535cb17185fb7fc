/*
 * Conversions side by side. A worker is a process that takes orders and carries out each as a
 * single conversion is: what parses is a process of its own (convert/apart.h). (Starting processes
 * is most of the work on small saves, so that one process alone could not keep two processors
 * busy.)
 */
#ifndef BATCH_WORKER_H
#define BATCH_WORKER_H

#include <signal.h>
#include <sys/types.h>

#include "convert/convert.h"
#include "place.h"
#include "row.h"

/* A file that is to be worked on. */
struct task {
    const char *path; /* relative to the input */
    uint64_t size;
};

/* What all workers of a batch have in common. */
struct worker_setup {
    struct convert_options options; /* without ends */
    bool digests;                   /* SHA-256 of input and output; its library is loaded */
    bool copy_others;               /* what is no legacy save is copied as it is */
    bool log;                       /* are lines wanted at all? */
    enum cls_log_level log_level;   /* the highest that is wanted */
    sigset_t signals;               /* the mask while working */
    struct place place;             /* where the trees are */
    const struct task *tasks;       /* all there are */
};

struct worker_result {
    bool ok, copied;
    bool name_taken; /* failed, as a file of that name came up meanwhile */
    enum convert_input input;
    struct cls_error err; /* where not ok: why, also of what was copied */
    struct row found;     /* the members that a conversion knows */
};

enum worker_news {
    WORKER_SILENT, /* nothing more for now */
    WORKER_OFFSET, /* offset has changed */
    WORKER_LINE,   /* level and line are filled */
    WORKER_ENDED,  /* the order is carried out; result is filled */
};

struct worker {
    pid_t pid;       /* 0: there is none */
    int orders;      /* to it */
    int news;        /* from it; non-blocking */
    uint64_t offset; /* in the input that it is at */
    enum cls_log_level level;
    char line[400];
    struct worker_result result;
};

/* Starts a process. The signals of batch_signals_install() must be blocked. */
bool worker_start(struct worker *worker, const struct worker_setup *setup,
                  struct cls_error *err) CLS_MUST_CHECK;

/* Has it work on that task, after those that it was given before (some hundred at most). */
bool worker_order(struct worker *worker, size_t task, struct cls_error *err) CLS_MUST_CHECK;

enum worker_news worker_listen(struct worker *worker);

/*
 * After the process has ended, or to let it end by itself: waits for it; but not longer than until
 * the deadline (as progress_now()), when it is killed. 0: as long as it takes. Returns its status.
 */
int worker_dismiss(struct worker *worker, double deadline);

#endif
