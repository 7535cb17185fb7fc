/*
 * What is said between the three kinds of processes: messages of a fixed size, each written in one
 * piece. No pointers, and no type that has invalid values.
 */
#ifndef BATCH_WORKER_MESSAGE_H
#define BATCH_WORKER_MESSAGE_H

#include <limits.h>
#include <stdint.h>

#include "worker.h"

enum worker_message_kind {
    MESSAGE_OFFSET,
    MESSAGE_LINE,
    MESSAGE_RESULT, /* of a conversion, its last */
    MESSAGE_ENDED,  /* of a worker, with the members of the result if there was one */
};

struct worker_message {
    uint32_t kind;
    uint32_t level; /* LINE */
    uint32_t ok, input, status, about_input, guest, width, has_digests, spool_missed;
    int32_t wstatus;             /* ENDED */
    uint32_t has_result, copied; /* ENDED */
    uint64_t offset;             /* OFFSET; RESULT: of the error */
    uint64_t usec;               /* ENDED: that the order took */
    uint64_t p2m_size, bytes_out, pages[16];
    uint8_t digest_in[DIGEST_SIZE], digest_out[DIGEST_SIZE];
    char envelope[16];
    char place[64];
    char text[400]; /* LINE; RESULT: the error's reason */
};

_Static_assert(sizeof(struct worker_message) <= PIPE_BUF, "a message is written in one piece");

/* Tries until it is written; where the reader has gone nobody is there to tell. */
void worker_send(int fd, const struct worker_message *message);

/* A result without anything found. */
struct worker_message worker_failure(const struct cls_error *err);

/* The worker's process, to its end. */
_Noreturn void worker_serve(const struct worker_setup *setup, int orders, int news);

struct conversion_job {
    const char *in_name, *out_name; /* for messages */
    int in_dir, out_dir;
    const char *name; /* in both directories */
    bool copy;        /* as it is */
    bool spool;       /* it takes a temporary file, as few do */
};

/* The process of one conversion, to its end. Messages go to news. */
_Noreturn void conversion_run(const struct worker_setup *setup, const struct conversion_job *job,
                              int news);

#endif
