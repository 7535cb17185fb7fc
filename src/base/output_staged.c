/*
 * The stage: a pipe of the output's own on the way to a file. Splicing into it takes references to
 * the input's pages, splicing out of it copies them once, in the kernel. The file gets whole
 * blocks, which is faster, although page data lies at odd offsets; and an error shows which side
 * failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "output_ops.h"

#define STAGE_SIZE  (1024 * 1024)
#define STAGE_BLOCK ((uint64_t)64 * 1024) /* far below STAGE_SIZE; suits large folios */

#define AHEAD_MIN ((uint64_t)1024 * 1024)
#define AHEAD_MAX ((uint64_t)64 * 1024 * 1024)

/* The reading and writing ends are out->own; -1: given up, bytes are written. */
struct stage {
    size_t staged;                /* bytes in it */
    uint64_t at;                  /* position in the file of the first of them */
    uint64_t allocated, expected; /* how far the file is allocated, and may be */
};

static void close_pipe(struct cls_output *out)
{
    for (int i = 0; i < 2; i++) {
        if (out->own[i] >= 0)
            close(out->own[i]);
        out->own[i] = -1;
    }
}

static void release(struct cls_output *out)
{
    close_pipe(out);
    free(out->state);
}

/*
 * Allocates the next part of the file: as much as was written before, so that the space used
 * follows what was read, not the size that the input claims. Errors are ignored.
 */
static void allocate_ahead(const struct cls_output *out, struct stage *s)
{
    uint64_t ahead = s->at - out->file_start;

    if (s->at + s->staged <= s->allocated || s->allocated >= s->expected)
        return;
    ahead = ahead < AHEAD_MIN ? AHEAD_MIN : ahead > AHEAD_MAX ? AHEAD_MAX : ahead;
    if (ahead > s->expected - s->allocated)
        ahead = s->expected - s->allocated;
    if (fallocate(out->fd, 0, (off_t)s->allocated, (off_t)ahead) == 0)
        s->allocated += ahead;
    else
        s->expected = s->allocated;
}

/* Stops using the pipe: writes the bytes in it to the file. */
static bool give_up(struct cls_output *out, struct cls_error *err)
{
    struct stage *s = out->state;
    uint8_t buf[4096];

    while (s->staged > 0) {
        ssize_t r = read(out->own[0], buf, sizeof(buf));

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return cls_fail_errno(err, r == 0 ? EIO : errno, "cannot read an internal pipe");
        s->staged -= (size_t)r;
        s->at += (size_t)r;
        if (!output_write_all(out, buf, (size_t)r, err))
            return false;
    }
    close_pipe(out);
    return true;
}

/* Moves n staged bytes to the file. Where splicing fails they are written, which shows why. */
static bool drain(struct cls_output *out, size_t n, struct cls_error *err)
{
    struct stage *s = out->state;

    if (n > 0)
        allocate_ahead(out, s);
    while (n > 0) {
        ssize_t w = splice(out->own[0], NULL, out->fd, NULL, n, SPLICE_F_MOVE);

        if (w > 0) {
            s->staged -= (size_t)w;
            s->at += (size_t)w;
            n -= (size_t)w;
        } else if (w < 0 && errno == EAGAIN) {
            cls_wait_ready(out->fd, POLLOUT);
        } else if (w == 0 || errno != EINTR) {
            return give_up(out, err);
        }
        cls_watch_tick(out->watch);
    }
    return true;
}

/* Moves the staged bytes that fill whole blocks of the file. */
static bool drain_blocks(struct cls_output *out, struct cls_error *err)
{
    const struct stage *s = out->state;
    uint64_t beyond = (s->at + s->staged) % STAGE_BLOCK;

    return beyond >= s->staged || drain(out, s->staged - (size_t)beyond, err);
}

/* Small data goes into the pipe, in front of what is spliced next. */
static bool take(struct cls_output *out, const uint8_t *bytes, size_t n, struct cls_error *err)
{
    struct stage *s = out->state;

    if (n > CLS_OUTPUT_BUFFER && !drain(out, s->staged, err))
        return false;
    while (n > 0 && n <= CLS_OUTPUT_BUFFER && out->own[1] >= 0) {
        ssize_t w = write(out->own[1], bytes, n);

        if (w > 0) {
            bytes += w;
            n -= (size_t)w;
            s->staged += (size_t)w;
        } else if (w < 0 && errno == EAGAIN) {
            /* Full; a pipe that takes nothing while empty is not used any more. */
            if (!(s->staged > 0 ? drain(out, s->staged, err) : give_up(out, err)))
                return false;
        } else if (w == 0 || errno != EINTR) {
            return cls_fail_errno(err, w == 0 ? EIO : errno, "cannot write an internal pipe");
        }
    }
    s->at += n;
    return output_write_all(out, bytes, n, err);
}

/* After EAGAIN: where the input has data, the pipe is full; else waits for input. */
static bool make_room_or_wait(struct cls_output *out, const struct cls_input *in,
                              struct cls_error *err)
{
    const struct stage *s = out->state;
    struct pollfd p = {.fd = in->fd, .events = POLLIN};

    if (s->staged > 0 && poll(&p, 1, 0) > 0)
        return drain(out, s->staged, err);
    cls_wait_ready(in->fd, POLLIN);
    return true;
}

static bool move(struct cls_output *out, struct cls_input *in, uint64_t *left,
                 struct cls_error *err)
{
    struct stage *s = out->state;
    bool goes_on = true;

    while (*left > 0 && goes_on && out->own[1] >= 0) {
        size_t step = *left < STAGE_SIZE ? (size_t)*left : STAGE_SIZE;
        ssize_t r = splice(in->fd, NULL, out->own[1], NULL, step, SPLICE_F_NONBLOCK);

        if (r > 0) {
            output_count_moved(out, in, left, (size_t)r);
            s->staged += (size_t)r;
            if (!drain_blocks(out, err))
                return false;
        } else if (r < 0 && errno == EAGAIN) {
            if (!make_room_or_wait(out, in, err))
                return false;
        } else {
            goes_on = r < 0 && errno == EINTR;
        }
        cls_input_tick(in);
    }
    return true;
}

static bool finish(struct cls_output *out, struct cls_error *err)
{
    const struct stage *s = out->state;

    return drain(out, s->staged, err) &&
           (s->allocated <= s->at || ftruncate(out->fd, (off_t)s->at) == 0 ||
            output_fail(out, err, errno));
}

static const struct cls_output_ops ops = {
    .name = "by splice, through an internal pipe",
    .write = take,
    .move = move,
    .finish = finish,
    .release = release,
};

/* Faster on ext4 (measured). On btrfs it would disable compression. */
static bool allocating_helps(int fd, uint64_t size)
{
    struct statfs fs;

    return size >= AHEAD_MIN && size <= INT64_MAX && fstatfs(fd, &fs) == 0 &&
           fs.f_type == EXT4_SUPER_MAGIC;
}

bool output_staged_open(struct cls_output *out, uint64_t expected)
{
    struct stage *s = calloc(1, sizeof(*s));

    if (!s || pipe2(out->own, O_CLOEXEC | O_NONBLOCK) != 0 ||
        fcntl(out->own[1], F_SETPIPE_SZ, STAGE_SIZE) < STAGE_SIZE) {
        close_pipe(out);
        free(s);
        return false;
    }
    s->at = s->allocated = s->expected = out->file_start;
    if (allocating_helps(out->fd, expected))
        s->expected += expected;
    out->ops = &ops;
    out->state = s;
    return true;
}
