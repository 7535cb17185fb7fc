/*
 * The input: a cursor over an fd. Nothing is read beyond what was asked for, since another process
 * may read on where we stop. Works on files, pipes, sockets and devices.
 *
 * Every error names the byte offset, and the place in the structure that was last set by
 * cls_input_at().
 */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The most bytes that can be peeked at: what detection needs (legacy/detect.c). */
#define CLS_PEEK_MAX 8256

/* Progress. tick is called after each transfer and each signal. */
struct cls_watch {
    void (*tick)(void *ctx, uint64_t offset);
    void *ctx;
    uint64_t offset; /* in the input, as of the last transfer */
    bool unsized;    /* the input's file is compressed: its size is unrelated to offsets */
};

/* watch may be NULL. */
void cls_watch_tick(const struct cls_watch *watch);

/* A part of a file for src/base/cache.c, by offsets of the input or output. */
struct cls_window {
    uint64_t start, end; /* end UINT64_MAX: not used for this file */
    bool keep;           /* input: it was in the page cache before; output: it will be synced */
};

struct spool;

struct cls_input {
    int fd;
    const char *name; /* for messages */
    bool is_pipe, is_regular;
    bool ends;       /* its end is sure to come soon: reading ahead cannot block */
    bool changes;    /* the file will be overwritten: bulk must be copied, not spliced */
    bool positioned; /* reads at its own offset: the fd's position is neither used nor moved */
    uint64_t offset; /* of the next byte that is not yet consumed */
    uint64_t wanted; /* end offset of the last request that the input was too short for; 0: none */
    uint64_t limit;  /* nothing is read from this offset on; 0: no limit */
    struct cls_watch *watch;
    struct cls_window window;
    struct spool *copy; /* gets all that is read or skipped, at the same offset; NULL: no copy */

    const char *place;    /* "page batch", or NULL */
    int64_t place_nr;     /* -1: the place has no number */
    const char *subplace; /* "xsave", or NULL */

    uint8_t *bulk; /* buffer for moves and skips, made when first needed */
    size_t peek_start, peek_end;
    uint8_t peeked[CLS_PEEK_MAX];
};

/*
 * fd, name and watch (may be NULL) stay the caller's. offset: the fd's position (0 if it cannot
 * seek).
 */
void cls_input_init(struct cls_input *in, int fd, const char *name, uint64_t offset,
                    struct cls_watch *watch);

/*
 * As cls_input_init(), for a further cursor over a file: it reads from offset on and does not move
 * the fd's position.
 */
void cls_input_init_at(struct cls_input *in, int fd, const char *name, uint64_t offset,
                       struct cls_watch *watch);

/* A cursor over n (<= CLS_PEEK_MAX) bytes in memory; the first has this offset. */
void cls_input_init_window(struct cls_input *in, const uint8_t *bytes, size_t n, uint64_t offset);

/* Frees what the input holds, not the fd. */
void cls_input_release(struct cls_input *in);

/* Sets the place for errors: "vcpu", 3, "xsave". nr < 0 and subplace NULL: none. */
void cls_input_at(struct cls_input *in, const char *place, int64_t nr, const char *subplace);

/* Fills err: the input is not sound at this offset. Always returns false. */
bool cls_input_fail(const struct cls_input *in, struct cls_error *err, uint64_t offset,
                    const char *fmt, ...) CLS_PRINTF(4, 5);

/*
 * Fills err: n bytes of what were expected at offset, but the input ended after got. Sets
 * in->wanted. Always returns false.
 */
bool cls_input_truncated(struct cls_input *in, struct cls_error *err, uint64_t offset, uint64_t n,
                         uint64_t got, const char *what);

/*
 * Makes the next n bytes (<= CLS_PEEK_MAX) visible at *bytes without consuming them; *got < n only
 * where the input ends. They are read from the fd: on one that cannot seek, peek only at bytes that
 * are sure to belong to the stream.
 */
bool cls_input_peek(struct cls_input *in, size_t n, const uint8_t **bytes, size_t *got,
                    struct cls_error *err) CLS_MUST_CHECK;

/* Consumes exactly n bytes into buf. what names them in an error: "the p2m frame list". */
bool cls_input_read(struct cls_input *in, void *buf, size_t n, const char *what,
                    struct cls_error *err) CLS_MUST_CHECK;

/* Consumes up to n bytes into buf; *got < n only where the input ends. */
bool cls_input_read_some(struct cls_input *in, void *buf, size_t n, size_t *got,
                         struct cls_error *err) CLS_MUST_CHECK;

/* Consumes exactly n bytes and discards them; in a regular file by seeking. */
bool cls_input_skip(struct cls_input *in, uint64_t n, const char *what,
                    struct cls_error *err) CLS_MUST_CHECK;

/* Fails unless the next n bytes are within the limit. */
bool cls_input_allows(const struct cls_input *in, uint64_t n, struct cls_error *err) CLS_MUST_CHECK;

/* Seeks to offset, which is the fd's position, too. */
bool cls_input_seek(struct cls_input *in, uint64_t offset, struct cls_error *err) CLS_MUST_CHECK;

/* Little-endian fields. */
bool cls_input_u32(struct cls_input *in, uint32_t *v, const char *what,
                   struct cls_error *err) CLS_MUST_CHECK;
bool cls_input_u64(struct cls_input *in, uint64_t *v, const char *what,
                   struct cls_error *err) CLS_MUST_CHECK;

/* The bulk buffer (CLS_BULK_SIZE bytes); NULL and err filled: no memory. */
#define CLS_BULK_SIZE ((size_t)256 * 1024)
uint8_t *cls_input_bulk(struct cls_input *in, struct cls_error *err);

/* Waits until fd is ready for events (POLLIN, POLLOUT): inherited fds may be non-blocking. */
void cls_wait_ready(int fd, short events);

/* Reports the input's offset to the watch. */
void cls_input_tick(const struct cls_input *in);

#endif
