/*
 * The output: a small buffer, so that a record of many parts costs one system call, and a table of
 * operations that write to the fd. cls_move_prepare() chooses the table for the two ends.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/input.h"

/* Holds the head of the largest page batch: 1024 pfns of 8 bytes and the record's own fields. */
#define CLS_OUTPUT_BUFFER 16384

struct cls_output;

struct cls_output_ops {
    const char *name; /* of the way, for the log: "by splice" */
    /* Writes n bytes, which out->offset already includes. The buffer is empty. */
    bool (*write)(struct cls_output *out, const uint8_t *bytes, size_t n, struct cls_error *err);
    /*
     * Moves bulk from fd to fd until *left is 0, the input ends, or an end refuses this way. The
     * buffer is empty. NULL: bulk is read and written.
     */
    bool (*move)(struct cls_output *out, struct cls_input *in, uint64_t *left,
                 struct cls_error *err);
    /* Writes what is pending, and sets a file's size. NULL: neither is needed. */
    bool (*finish)(struct cls_output *out, struct cls_error *err);
    void (*release)(struct cls_output *out); /* frees state; NULL: there is none */
};

struct cls_output {
    const struct cls_output_ops *ops;
    void *state; /* of the operations */
    int own[2];  /* fds that they use beside the output's; -1: none */
    int fd;
    const char *name; /* for messages */
    bool is_pipe;
    const struct cls_watch *watch;
    uint64_t offset;     /* bytes taken so far, buffered ones too */
    uint64_t moved;      /* of them, by ops->move */
    uint64_t file_start; /* position in a file at which the output begins */
    struct cls_window window;
    size_t used;
    uint8_t buf[CLS_OUTPUT_BUFFER];
};

/*
 * fd, name and watch (may be NULL) stay the caller's; fd may be non-blocking. SIGPIPE must be
 * ignored. The operations are read and write until cls_move_prepare() chooses others.
 */
void cls_output_init(struct cls_output *out, int fd, const char *name,
                     const struct cls_watch *watch);

/* Frees what the output holds, not the fd. Unflushed bytes are lost. */
void cls_output_release(struct cls_output *out);

/* Takes all n bytes, or fails (CLS_SYSTEM). */
bool cls_output_write(struct cls_output *out, const void *bytes, size_t n,
                      struct cls_error *err) CLS_MUST_CHECK;

/* n zero bytes, n <= CLS_OUTPUT_BUFFER. */
bool cls_output_zeros(struct cls_output *out, size_t n, struct cls_error *err) CLS_MUST_CHECK;

/* Writes the buffer. A reader of a pipe, socket or device sees the bytes then. */
bool cls_output_flush(struct cls_output *out, struct cls_error *err) CLS_MUST_CHECK;

/*
 * After the last byte: writes everything to the fd, and truncates a file that was allocated beyond
 * what was written. Fails where close() would: NFS reports write errors then.
 */
bool cls_output_finish(struct cls_output *out, struct cls_error *err) CLS_MUST_CHECK;

#endif
