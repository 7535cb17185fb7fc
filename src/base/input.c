#include "base/input.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/fds.h"
#include "base/spool.h"

/* Not the buffer: clearing that takes longer than all the rest. */
static void clear(struct cls_input *in)
{
    memset(in, 0, offsetof(struct cls_input, peeked));
}

void cls_input_init(struct cls_input *in, int fd, const char *name, uint64_t offset,
                    struct cls_watch *watch)
{
    struct stat st;

    clear(in);
    in->fd = fd;
    in->name = name;
    if (fd_stat(fd, &st) == 0) {
        in->is_pipe = S_ISFIFO(st.st_mode);
        in->is_regular = S_ISREG(st.st_mode);
    }
    in->offset = offset;
    in->watch = watch;
    in->window.end = UINT64_MAX;
    in->place_nr = -1;
}

void cls_input_init_at(struct cls_input *in, int fd, const char *name, uint64_t offset,
                       struct cls_watch *watch)
{
    cls_input_init(in, fd, name, offset, watch);
    in->positioned = true;
}

void cls_input_init_window(struct cls_input *in, const uint8_t *bytes, size_t n, uint64_t offset)
{
    clear(in);
    in->fd = -1;
    in->name = "memory";
    in->offset = offset;
    in->peek_end = n;
    memcpy(in->peeked, bytes, n);
}

void cls_input_release(struct cls_input *in)
{
    free(in->bulk);
    in->bulk = NULL;
}

void cls_input_at(struct cls_input *in, const char *place, int64_t nr, const char *subplace)
{
    in->place = place;
    in->place_nr = nr;
    in->subplace = subplace;
}

static void format_place(const struct cls_input *in, char *buf, size_t size)
{
    char nr[24] = "";

    if (!in->place) {
        buf[0] = '\0';
        return;
    }
    if (in->place_nr >= 0)
        snprintf(nr, sizeof(nr), " %" PRId64, in->place_nr);
    snprintf(buf, size, "%s%s%s%s", in->place, nr, in->subplace ? " " : "",
             in->subplace ? in->subplace : "");
}

bool cls_input_fail(const struct cls_input *in, struct cls_error *err, uint64_t offset,
                    const char *fmt, ...)
{
    va_list args;

    *err = (struct cls_error){.status = CLS_BAD_INPUT, .about_input = true, .offset = offset};
    format_place(in, err->place, sizeof(err->place));
    va_start(args, fmt);
    vsnprintf(err->reason, sizeof(err->reason), fmt, args);
    va_end(args);
    return false;
}

bool cls_input_truncated(struct cls_input *in, struct cls_error *err, uint64_t offset, uint64_t n,
                         uint64_t got, const char *what)
{
    in->wanted = offset + n;
    return cls_input_fail(in, err, offset,
                          "expected %" PRIu64 " bytes of %s, input ended after %" PRIu64, n, what,
                          got);
}

void cls_wait_ready(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};

    /* Where this is interrupted or fails, the caller's next attempt shows why. */
    (void)poll(&p, 1, -1);
}

void cls_watch_tick(const struct cls_watch *watch)
{
    if (watch)
        watch->tick(watch->ctx, watch->offset);
}

void cls_input_tick(const struct cls_input *in)
{
    if (in->watch)
        in->watch->offset = in->offset;
    cls_watch_tick(in->watch);
}

bool cls_input_allows(const struct cls_input *in, uint64_t n, struct cls_error *err)
{
    if (!in->limit || (in->offset <= in->limit && n <= in->limit - in->offset))
        return true;
    cls_input_fail(in, err, in->offset,
                   "input is longer than the %" PRIu64 " bytes of --max-input-size", in->limit);
    err->over_limit = true;
    return false;
}

static ssize_t read_at(const struct cls_input *in, uint8_t *buf, size_t n, uint64_t offset)
{
    if (in->fd < 0)
        return 0;
    return in->positioned ? pread(in->fd, buf, n, (off_t)offset) : read(in->fd, buf, n);
}

/* Reads n bytes at offset, which lies behind the peeked bytes; *got < n where the input ends. */
static bool fill(struct cls_input *in, uint8_t *buf, size_t n, uint64_t offset, size_t *got,
                 struct cls_error *err)
{
    *got = 0;
    while (*got < n) {
        ssize_t r = read_at(in, buf + *got, n - *got, offset + *got);

        if (r > 0) {
            *got += (size_t)r;
            if (!cls_input_allows(in, offset - in->offset + *got, err))
                return false;
        } else if (r == 0) {
            break;
        } else if (errno == EAGAIN) {
            cls_wait_ready(in->fd, POLLIN);
        } else if (errno != EINTR) {
            return cls_fail_errno(err, errno, "cannot read %s at byte 0x%" PRIx64, in->name,
                                  offset + *got);
        }
        cls_input_tick(in);
    }
    return true;
}

bool cls_input_peek(struct cls_input *in, size_t n, const uint8_t **bytes, size_t *got,
                    struct cls_error *err)
{
    size_t have = in->peek_end - in->peek_start;

    if (n > sizeof(in->peeked))
        n = sizeof(in->peeked);
    if (have < n) {
        size_t more;

        memmove(in->peeked, in->peeked + in->peek_start, have);
        in->peek_start = 0;
        in->peek_end = have;
        if (!fill(in, in->peeked + have, n - have, in->offset + have, &more, err))
            return false;
        in->peek_end += more;
        have = in->peek_end;
    }
    *bytes = in->peeked + in->peek_start;
    *got = have < n ? have : n;
    return true;
}

bool cls_input_read_some(struct cls_input *in, void *buf, size_t n, size_t *got,
                         struct cls_error *err)
{
    size_t have = in->peek_end - in->peek_start;
    size_t more = 0;

    if (have > n)
        have = n;
    memcpy(buf, in->peeked + in->peek_start, have);
    in->peek_start += have;
    if (have < n && !fill(in, (uint8_t *)buf + have, n - have, in->offset + have, &more, err))
        return false;
    *got = have + more;
    in->offset += *got;
    return !in->copy || spool_put(in->copy, in->offset - *got, buf, *got, err);
}

bool cls_input_read(struct cls_input *in, void *buf, size_t n, const char *what,
                    struct cls_error *err)
{
    uint64_t start = in->offset;
    size_t got;

    if (!cls_input_read_some(in, buf, n, &got, err))
        return false;
    return got == n || cls_input_truncated(in, err, start, n, got, what);
}

uint8_t *cls_input_bulk(struct cls_input *in, struct cls_error *err)
{
    if (!in->bulk && !(in->bulk = malloc(CLS_BULK_SIZE)))
        cls_fail_errno(err, ENOMEM, "cannot allocate a buffer");
    return in->bulk;
}

/* Skips by seeking where the n bytes lie within a regular file; else does nothing. */
static void skip_by_seeking(struct cls_input *in, uint64_t n)
{
    size_t peeked = in->peek_end - in->peek_start;
    uint64_t in_fd = in->offset + peeked; /* the fd's position */
    struct stat st;

    if (n <= peeked || fd_stat(in->fd, &st) != 0 || (uint64_t)st.st_size < in->offset ||
        n > (uint64_t)st.st_size - in->offset ||
        (!in->positioned &&
         lseek(in->fd, (off_t)(n - peeked), SEEK_CUR) != (off_t)(in_fd + n - peeked)))
        return;
    in->peek_start = in->peek_end;
    in->offset += n;
    cls_input_tick(in);
}

static void skip_peeked(struct cls_input *in, uint64_t n)
{
    size_t peeked = in->peek_end - in->peek_start;
    size_t step = n < peeked ? (size_t)n : peeked;

    in->peek_start += step;
    in->offset += step;
}

bool cls_input_skip(struct cls_input *in, uint64_t n, const char *what, struct cls_error *err)
{
    uint64_t start = in->offset, end = start + n;
    uint8_t *buf;

    if (!cls_input_allows(in, n, err))
        return false;
    if (in->is_regular)
        skip_by_seeking(in, n);
    else if (!in->copy)
        skip_peeked(in, n);
    if (in->offset == end)
        return true;
    if (in->fd < 0)
        return cls_input_truncated(in, err, start, n, in->offset - start, what);
    buf = cls_input_bulk(in, err);
    if (!buf)
        return false;
    while (in->offset < end) {
        uint64_t left = end - in->offset;
        size_t step = left < CLS_BULK_SIZE ? (size_t)left : CLS_BULK_SIZE, got;

        if (!cls_input_read_some(in, buf, step, &got, err))
            return false;
        if (got < step)
            return cls_input_truncated(in, err, start, n, in->offset - start, what);
    }
    return true;
}

bool cls_input_seek(struct cls_input *in, uint64_t offset, struct cls_error *err)
{
    if (lseek(in->fd, (off_t)offset, SEEK_SET) != (off_t)offset)
        return cls_fail_errno(err, errno, "cannot seek in %s", in->name);
    in->offset = offset;
    in->peek_start = in->peek_end = 0;
    return true;
}

bool cls_input_u32(struct cls_input *in, uint32_t *v, const char *what, struct cls_error *err)
{
    uint8_t b[4];

    if (!cls_input_read(in, b, sizeof(b), what, err))
        return false;
    *v = get_le32(b);
    return true;
}

bool cls_input_u64(struct cls_input *in, uint64_t *v, const char *what, struct cls_error *err)
{
    uint8_t b[8];

    if (!cls_input_read(in, b, sizeof(b), what, err))
        return false;
    *v = get_le64(b);
    return true;
}
