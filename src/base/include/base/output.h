/*
 * The output: a small buffer and a table of operations that write to the fd. With the buffer, a
 * record of many parts needs one system call. cls_move_prepare() chooses the table.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/input.h"

/* Has room for the head of the largest page batch: 1024 pfns of 8 bytes, and other fields. */
#define CLS_OUTPUT_BUFFER 16384

struct cls_output;

struct cls_output_ops {
    const char *name; /* for the log: "by splice" */
    /* Writes n bytes; out->offset already includes them. The buffer is empty. */
    bool (*write)(struct cls_output *out, const uint8_t *bytes, size_t n, struct cls_error *err);
    /*
     * Moves bulk from fd to fd until *left is 0, the input ends, or an end does not support it.
     * The buffer is empty. NULL: bulk is read and written.
     */
    bool (*move)(struct cls_output *out, struct cls_input *in, uint64_t *left,
                 struct cls_error *err);
    /* Writes pending data and sets a file's size. NULL: neither is needed. */
    bool (*finish)(struct cls_output *out, struct cls_error *err);
    void (*release)(struct cls_output *out); /* frees state; NULL: no state */
};

struct cls_output {
    const struct cls_output_ops *ops;
    void *state; /* private to the operations */
    int own[2];  /* fds of the operations in addition to fd; -1: none */
    int fd;
    const char *name; /* for messages */
    bool is_pipe;
    const struct cls_watch *watch;
    uint64_t offset;     /* bytes accepted so far, including buffered ones */
    uint64_t moved;      /* bytes of these moved by ops->move */
    uint64_t file_start; /* position in the file where the output begins */
    struct cls_window window;
    size_t used;
    uint8_t buf[CLS_OUTPUT_BUFFER];
};

/*
 * Initialises out. The caller keeps ownership of fd, name and watch (may be NULL); fd may be
 * non-blocking. SIGPIPE must be ignored. The operations are read and write until cls_move_prepare()
 * chooses others. Free with cls_output_release().
 */
void cls_output_init(struct cls_output *out, int fd, const char *name,
                     const struct cls_watch *watch);

/* Frees the state of the operations. The fd stays open. Unflushed bytes are lost. */
void cls_output_release(struct cls_output *out);

/* Appends n bytes. Like all functions below, fails with CLS_SYSTEM. */
bool cls_output_write(struct cls_output *out, const void *bytes, size_t n,
                      struct cls_error *err) CLS_MUST_CHECK;

/* Appends n zero bytes, n <= CLS_OUTPUT_BUFFER. */
bool cls_output_zeros(struct cls_output *out, size_t n, struct cls_error *err) CLS_MUST_CHECK;

/* Writes the buffer, so that a reader of a pipe, socket or device gets the bytes. */
bool cls_output_flush(struct cls_output *out, struct cls_error *err) CLS_MUST_CHECK;

/*
 * To be called after the last byte: writes all bytes to the fd, and truncates a file that was
 * allocated beyond them. Also fails if close() would, because NFS reports write errors then.
 */
bool cls_output_finish(struct cls_output *out, struct cls_error *err) CLS_MUST_CHECK;

#endif
