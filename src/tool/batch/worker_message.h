/*
 * Messages from a worker to its parent. They have a fixed size and are written atomically. Neither
 * process parses input, so the content is not checked.
 */
#ifndef BATCH_WORKER_MESSAGE_H
#define BATCH_WORKER_MESSAGE_H

#include <limits.h>
#include <stdint.h>

#include "worker.h"

struct worker_message {
    enum worker_event event;
    enum cls_log_level level;    /* WORKER_LINE */
    uint64_t offset;             /* WORKER_OFFSET */
    char line[400];              /* WORKER_LINE */
    struct worker_result result; /* WORKER_ENDED; its pointers are NULL */
};

_Static_assert(sizeof(struct worker_message) <= PIPE_BUF, "a message is written in one piece");

/* The worker's main loop: reads tasks from tasks_fd, sends messages to events_fd. */
_Noreturn void worker_serve(const struct worker_setup *setup, int tasks_fd, int events_fd);

#endif
