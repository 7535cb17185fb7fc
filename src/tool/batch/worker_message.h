/*
 * What a worker says to the one who gives the orders: messages of a fixed size, each written in one
 * piece. Neither has parsed anything.
 */
#ifndef BATCH_WORKER_MESSAGE_H
#define BATCH_WORKER_MESSAGE_H

#include <limits.h>
#include <stdint.h>

#include "worker.h"

struct worker_message {
    enum worker_news news;
    enum cls_log_level level;    /* LINE */
    uint64_t offset;             /* OFFSET */
    char line[400];              /* LINE */
    struct worker_result result; /* ENDED; without pointers */
};

_Static_assert(sizeof(struct worker_message) <= PIPE_BUF, "a message is written in one piece");

/* The worker's process, to its end. */
_Noreturn void worker_serve(const struct worker_setup *setup, int orders, int news);

#endif
