/*
 * The input: a cursor over an fd of a file, pipe, socket or device. No byte is read before it is
 * requested, because another process may read the fd after the stream.
 *
 * Errors about the input have CLS_BAD_INPUT, the byte offset, and the place in the structure that
 * was last set with cls_input_at(). System errors have CLS_SYSTEM.
 */
#ifndef BASE_INPUT_H
#define BASE_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The maximum number of bytes for cls_input_peek(); detection needs it (legacy/detect.c). */
#define CLS_PEEK_MAX 8256

/* Progress. tick is called after each transfer, and after a signal interrupts a call. */
struct cls_watch {
    void (*tick)(void *ctx, uint64_t offset);
    void *ctx;
    uint64_t offset; /* in the input, after the last transfer */
    bool unsized;    /* the input's file is compressed: its size is unrelated to offsets */
};

/* Calls tick. watch may be NULL. */
void cls_watch_tick(const struct cls_watch *watch);

/* A part of a file for src/base/cache.c, as offsets in the input or output. */
struct cls_window {
    uint64_t start, end; /* end UINT64_MAX: not used for this file */
    bool keep;           /* input: it was in the page cache before; output: it will be synced */
};

struct spool;

struct cls_input {
    int fd;
    const char *name; /* for messages */
    bool is_pipe, is_regular;
    bool ends;       /* the writer closes it soon: reading ahead cannot block for long */
    bool changes;    /* the file will be overwritten: bulk must be copied, not spliced */
    bool positioned; /* reads by pread(): the fd's position is neither used nor changed */
    uint64_t offset; /* of the next byte that is not yet consumed */
    uint64_t wanted; /* end of the last request beyond the end of the input; 0: none */
    uint64_t limit;  /* reading at or after this offset fails; 0: no limit */
    struct cls_watch *watch;
    struct cls_window window;
    struct spool *copy; /* gets all bytes read or skipped, at the same offsets; NULL: none */

    const char *place;    /* "page batch", or NULL */
    int64_t place_nr;     /* -1: the place has no number */
    const char *subplace; /* "xsave", or NULL */

    uint8_t *bulk; /* buffer for moves and skips, allocated when first needed */
    size_t peek_start, peek_end;
    uint8_t peeked[CLS_PEEK_MAX];
};

/*
 * Initialises in. The caller keeps ownership of fd, name and watch (may be NULL). offset: the fd's
 * position (0 if it cannot seek). Free with cls_input_release().
 */
void cls_input_init(struct cls_input *in, int fd, const char *name, uint64_t offset,
                    struct cls_watch *watch);

/*
 * Like cls_input_init(), for another cursor over a file: it reads from offset on and does not
 * change the fd's position.
 */
void cls_input_init_at(struct cls_input *in, int fd, const char *name, uint64_t offset,
                       struct cls_watch *watch);

/* Initialises a cursor over a copy of n (<= CLS_PEEK_MAX) bytes; the first has this offset. */
void cls_input_init_window(struct cls_input *in, const uint8_t *bytes, size_t n, uint64_t offset);

/* Frees the buffers. The fd stays open. */
void cls_input_release(struct cls_input *in);

/* Sets the place for errors: "vcpu", 3, "xsave". nr < 0, subplace NULL: none. Not copied. */
void cls_input_at(struct cls_input *in, const char *place, int64_t nr, const char *subplace);

/* Fills err (CLS_BAD_INPUT) with an error at this offset. Always returns false. */
bool cls_input_fail(const struct cls_input *in, struct cls_error *err, uint64_t offset,
                    const char *fmt, ...) CLS_PRINTF(4, 5);

/*
 * Fills err (CLS_BAD_INPUT): n bytes of what were expected at offset, but the input ended after got
 * bytes. Sets in->wanted. Always returns false.
 */
bool cls_input_truncated(struct cls_input *in, struct cls_error *err, uint64_t offset, uint64_t n,
                         uint64_t got, const char *what);

/*
 * Makes the next n bytes (<= CLS_PEEK_MAX) visible at *bytes without consuming them; *got < n only
 * at the end of the input. The bytes are read from the fd. If it cannot seek, peek only at bytes
 * that certainly belong to the stream.
 */
bool cls_input_peek(struct cls_input *in, size_t n, const uint8_t **bytes, size_t *got,
                    struct cls_error *err) CLS_MUST_CHECK;

/* Consumes exactly n bytes into buf. what: their name in errors, as "the p2m frame list". */
bool cls_input_read(struct cls_input *in, void *buf, size_t n, const char *what,
                    struct cls_error *err) CLS_MUST_CHECK;

/* Consumes up to n bytes into buf; *got < n only at the end of the input. */
bool cls_input_read_some(struct cls_input *in, void *buf, size_t n, size_t *got,
                         struct cls_error *err) CLS_MUST_CHECK;

/* Consumes exactly n bytes and discards them; seeks in a regular file. what: as above. */
bool cls_input_skip(struct cls_input *in, uint64_t n, const char *what,
                    struct cls_error *err) CLS_MUST_CHECK;

/* Fails (CLS_BAD_INPUT) unless the next n bytes are within the limit. */
bool cls_input_allows(const struct cls_input *in, uint64_t n, struct cls_error *err) CLS_MUST_CHECK;

/* Sets the offset and the fd's position, and drops peeked bytes. */
bool cls_input_seek(struct cls_input *in, uint64_t offset, struct cls_error *err) CLS_MUST_CHECK;

/* Consumes a little-endian field. what: as above. */
bool cls_input_u32(struct cls_input *in, uint32_t *v, const char *what,
                   struct cls_error *err) CLS_MUST_CHECK;
bool cls_input_u64(struct cls_input *in, uint64_t *v, const char *what,
                   struct cls_error *err) CLS_MUST_CHECK;

/* Returns the bulk buffer (CLS_BULK_SIZE bytes), owned by in; NULL and err: no memory. */
#define CLS_BULK_SIZE ((size_t)256 * 1024)
uint8_t *cls_input_bulk(struct cls_input *in, struct cls_error *err);

/* Waits until fd is ready for events (POLLIN, POLLOUT); inherited fds may be non-blocking. */
void cls_wait_ready(int fd, short events);

/* Reports the input's offset to the watch. */
void cls_input_tick(const struct cls_input *in);

#endif
