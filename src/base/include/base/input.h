/*
 * The input: one cursor over an fd that is never moved beyond what was asked for, since others
 * may go on reading where we stop. Works alike on files, pipes, sockets and devices.
 *
 * Every failure names the byte offset and the place in the structure that the reader last
 * announced with cls_input_at().
 */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The most that can be looked at without being consumed: what detection needs (legacy/detect.c). */
#define CLS_PEEK_MAX 8256

/* Someone who wants to know how far we are. tick is called after each transfer and each signal. */
struct cls_watch {
    void (*tick)(void *ctx, uint64_t offset);
    void *ctx;
    uint64_t offset; /* in the input, as of the last transfer */
    bool unsized;    /* the input's file is compressed: its size says nothing of offsets */
};

/* watch may be NULL. */
void cls_watch_tick(const struct cls_watch *watch);

/* A stretch of a file, by the offsets that the end counts; src/base/cache.c. */
struct cls_window {
    uint64_t start, end; /* end UINT64_MAX: none is looked at */
    bool keep;           /* input: it was in the page cache before; output: it will be synced */
};

struct spool;

struct cls_input {
    int fd;
    const char *name; /* for messages */
    bool is_pipe, is_regular;
    bool ends;       /* its end is sure to come, and soon: looking ahead keeps nobody waiting */
    bool changes;    /* what was read will change: bulk must be copied, never referred to */
    bool positioned; /* reads at its own offset: the fd's position is neither used nor moved */
    uint64_t offset; /* of the next byte that is not yet consumed */
    uint64_t wanted; /* offset behind the last bytes that were asked for in vain; 0: none were */
    uint64_t limit;  /* what lies at this offset and behind is not read; 0: none */
    struct cls_watch *watch;
    struct cls_window window;
    struct spool *copy; /* gets what is read or skipped, at the same offset; NULL: nobody does */

    const char *place;    /* "page batch", or NULL */
    int64_t place_nr;     /* -1: the place has no number */
    const char *subplace; /* "xsave", or NULL */

    uint8_t *bulk; /* buffer for moves and skips, made when first needed */
    size_t peek_start, peek_end;
    uint8_t peeked[CLS_PEEK_MAX];
};

/*
 * fd and name stay the caller's. offset: where the fd stands now (0 if it cannot seek). watch may
 * be NULL.
 */
void cls_input_init(struct cls_input *in, int fd, const char *name, uint64_t offset,
                    struct cls_watch *watch);

/*
 * A further cursor over a file, which reads from offset on and leaves the fd where it stands. Other
 * arguments as for cls_input_init().
 */
void cls_input_init_at(struct cls_input *in, int fd, const char *name, uint64_t offset,
                       struct cls_watch *watch);

/* A cursor over n (<= CLS_PEEK_MAX) bytes in memory, which are those at offset. */
void cls_input_init_window(struct cls_input *in, const uint8_t *bytes, size_t n, uint64_t offset);

/* Frees what the input holds, not the fd. */
void cls_input_release(struct cls_input *in);

/* Says where in the structure we are now: "vcpu", 3, "xsave". nr < 0 and subplace NULL: none. */
void cls_input_at(struct cls_input *in, const char *place, int64_t nr, const char *subplace);

/* Fills err: the input is not sound at this offset. Always returns false. */
bool cls_input_fail(const struct cls_input *in, struct cls_error *err, uint64_t offset,
                    const char *fmt, ...) CLS_PRINTF(4, 5);

/*
 * "expected n bytes of what, input ended after got" at offset; these are in->wanted then. Always
 * returns false.
 */
bool cls_input_truncated(struct cls_input *in, struct cls_error *err, uint64_t offset, uint64_t n,
                         uint64_t got, const char *what);

/*
 * Makes the next n bytes (<= CLS_PEEK_MAX) visible at *bytes without consuming them; *got < n only
 * where the input ends. On an fd that cannot seek they are read from it: ask only for what is sure
 * to belong to the stream.
 */
bool cls_input_peek(struct cls_input *in, size_t n, const uint8_t **bytes, size_t *got,
                    struct cls_error *err) CLS_MUST_CHECK;

/* Consumes exactly n bytes into buf. what names them in an error: "the p2m frame list". */
bool cls_input_read(struct cls_input *in, void *buf, size_t n, const char *what,
                    struct cls_error *err) CLS_MUST_CHECK;

/* Consumes up to n bytes into buf; *got < n only where the input ends. */
bool cls_input_read_some(struct cls_input *in, void *buf, size_t n, size_t *got,
                         struct cls_error *err) CLS_MUST_CHECK;

/* Consumes exactly n bytes and drops them; in a regular file by seeking. */
bool cls_input_skip(struct cls_input *in, uint64_t n, const char *what,
                    struct cls_error *err) CLS_MUST_CHECK;

/* Are the next n bytes within the limit? Else fails. */
bool cls_input_allows(const struct cls_input *in, uint64_t n, struct cls_error *err) CLS_MUST_CHECK;

/* Goes to offset; only where the fd can seek, and its position is the offset. */
bool cls_input_seek(struct cls_input *in, uint64_t offset, struct cls_error *err) CLS_MUST_CHECK;

/* Little-endian fields. */
bool cls_input_u32(struct cls_input *in, uint32_t *v, const char *what,
                   struct cls_error *err) CLS_MUST_CHECK;
bool cls_input_u64(struct cls_input *in, uint64_t *v, const char *what,
                   struct cls_error *err) CLS_MUST_CHECK;

/* The bulk buffer (CLS_BULK_SIZE bytes), or NULL and err filled when there is no memory. */
#define CLS_BULK_SIZE ((size_t)256 * 1024)
uint8_t *cls_input_bulk(struct cls_input *in, struct cls_error *err);

bool cls_is_pipe(int fd);

/* Waits until fd is ready for events (POLLIN, POLLOUT): for fds handed in as non-blocking. */
void cls_wait_ready(int fd, short events);

/* Tells the watch where the input stands. */
void cls_input_tick(const struct cls_input *in);

#endif
