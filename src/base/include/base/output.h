/*
 * The output: an fd behind a small buffer, so that a record of many parts costs one system call.
 * What is buffered reaches the fd by cls_output_flush() or by cls_move() (base/move.h), which may
 * put a pipe of the output's own (the stage) between buffer and fd.
 */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/input.h"

/* Holds the head of the largest page batch: 1024 pfns of 8 bytes and the record's own fields. */
#define CLS_OUTPUT_BUFFER 16384

/* How bulk gets from an input to an output. */
enum cls_way {
    CLS_WAY_LOOP,   /* read and write: any ends */
    CLS_WAY_SPLICE, /* straight, where one end is a pipe */
    CLS_WAY_STAGED, /* to a file: splice through the stage, so that the file gets whole blocks */
    CLS_WAY_SPARSE, /* read and write, with holes in the file for blocks of zeros */
    CLS_WAYS,
};

struct cls_output {
    int fd;
    const char *name; /* for messages */
    bool is_pipe;
    const struct cls_watch *watch;
    uint64_t offset; /* bytes taken so far, buffered ones too */
    size_t used;
    uint8_t buf[CLS_OUTPUT_BUFFER];

    enum cls_way way;         /* for moves */
    uint64_t moved[CLS_WAYS]; /* bytes that went each way */
    int stage[2];             /* the stage's reading and writing end, or -1 */
    size_t staged;            /* bytes in it; they precede the buffered ones */
    struct cls_window window;
    uint64_t file_start; /* staged and sparse: where in the file the output begins */
};

/*
 * fd, name and watch (may be NULL) stay the caller's; fd may be non-blocking. SIGPIPE must be
 * ignored. Moves go by CLS_WAY_LOOP until cls_move_prepare() finds a better way.
 */
void cls_output_init(struct cls_output *out, int fd, const char *name,
                     const struct cls_watch *watch);

/* Frees what the output holds, not the fd; what was not flushed is lost. */
void cls_output_release(struct cls_output *out);

/* Fills err: errno value errnum came of writing. Always returns false. */
bool cls_output_fail(const struct cls_output *out, struct cls_error *err, int errnum);

/* Takes all n bytes, or fails (CLS_SYSTEM). */
bool cls_output_write(struct cls_output *out, const void *bytes, size_t n,
                      struct cls_error *err) CLS_MUST_CHECK;

/* n zero bytes, n <= CLS_OUTPUT_BUFFER. */
bool cls_output_zeros(struct cls_output *out, size_t n, struct cls_error *err) CLS_MUST_CHECK;

/* Hands everything buffered, and staged, to the fd. */
bool cls_output_flush(struct cls_output *out, struct cls_error *err) CLS_MUST_CHECK;

/* Writes n bytes straight to the fd; nothing may be buffered. Counts them. */
bool cls_output_write_through(struct cls_output *out, const uint8_t *bytes, size_t n,
                              struct cls_error *err) CLS_MUST_CHECK;

#endif
