#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define STAGE_SIZE  (1024 * 1024)
#define STAGE_BLOCK ((uint64_t)64 * 1024) /* far below STAGE_SIZE, and what large folios like */

bool stage_open(struct cls_output *out)
{
    if (pipe2(out->stage, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    if (fcntl(out->stage[1], F_SETPIPE_SZ, STAGE_SIZE) >= STAGE_SIZE)
        return true;
    stage_close(out);
    return false;
}

void stage_close(struct cls_output *out)
{
    for (int i = 0; i < 2; i++) {
        if (out->stage[i] >= 0)
            close(out->stage[i]);
        out->stage[i] = -1;
    }
    out->staged = 0;
}

/* Takes the stage out of the way: its bytes are written like any others. */
static bool give_up(struct cls_output *out, struct cls_error *err)
{
    uint8_t buf[CLS_OUTPUT_BUFFER];

    while (out->staged > 0) {
        ssize_t r = read(out->stage[0], buf, sizeof(buf));

        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return cls_fail_errno(err, r == 0 ? EIO : errno, "cannot read a pipe of our own");
        out->staged -= (size_t)r;
        if (!output_write_all(out, buf, (size_t)r, err))
            return false;
    }
    stage_close(out);
    out->way = CLS_WAY_LOOP;
    return true;
}

/* Of the staged bytes, those that fill blocks of the file. */
static size_t whole_blocks(const struct cls_output *out)
{
    uint64_t end = out->file_start + out->offset - out->used;
    uint64_t beyond = end % STAGE_BLOCK;

    return beyond < out->staged ? out->staged - (size_t)beyond : 0;
}

bool stage_drain(struct cls_output *out, enum stage_drain what, struct cls_error *err)
{
    size_t n = what == STAGE_ALL ? out->staged : whole_blocks(out);

    while (n > 0) {
        ssize_t w = splice(out->stage[0], NULL, out->fd, NULL, n, SPLICE_F_MOVE);

        if (w > 0) {
            out->staged -= (size_t)w;
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

/* What is buffered goes into the stage, where it stands before what is spliced. */
static bool take_buffered(struct cls_output *out, struct cls_error *err)
{
    size_t done = 0, n = out->used;

    while (done < n) {
        ssize_t w = write(out->stage[1], out->buf + done, n - done);

        if (w > 0) {
            done += (size_t)w;
            out->staged += (size_t)w;
            out->used -= (size_t)w;
        } else if (w < 0 && errno == EAGAIN) {
            /* Full; or, while empty, no pipe to rely on. */
            if (!(out->staged > 0 ? stage_drain(out, STAGE_ALL, err) : give_up(out, err)))
                return false;
        } else if (w == 0 || errno != EINTR) {
            return cls_fail_errno(err, w == 0 ? EIO : errno, "cannot write a pipe of our own");
        }
        if (out->stage[0] < 0) { /* given up */
            out->used = 0;
            return output_write_all(out, out->buf + done, n - done, err);
        }
    }
    return true;
}

/* The input is not ready, or the stage is full: then something is there to be read. */
static bool make_room_or_wait(struct cls_input *in, struct cls_output *out, struct cls_error *err)
{
    struct pollfd p = {.fd = in->fd, .events = POLLIN};

    if (out->staged > 0 && poll(&p, 1, 0) > 0)
        return stage_drain(out, STAGE_ALL, err);
    cls_wait_ready(in->fd, POLLIN);
    return true;
}

bool stage_move(struct cls_input *in, struct cls_output *out, uint64_t *left, struct cls_error *err)
{
    bool goes_on = true;

    if (!take_buffered(out, err))
        return false;
    while (*left > 0 && goes_on && out->stage[0] >= 0) {
        size_t step = *left < STAGE_SIZE ? (size_t)*left : STAGE_SIZE;
        ssize_t r = splice(in->fd, NULL, out->stage[1], NULL, step, SPLICE_F_NONBLOCK);

        if (r > 0) {
            *left -= (uint64_t)r;
            in->offset += (uint64_t)r;
            out->offset += (uint64_t)r;
            out->staged += (size_t)r;
            out->moved[CLS_WAY_STAGED] += (uint64_t)r;
            if (!stage_drain(out, STAGE_BLOCKS, err))
                return false;
        } else if (r < 0 && errno == EAGAIN) {
            if (!make_room_or_wait(in, out, err))
                return false;
        } else {
            goes_on = r < 0 && errno == EINTR;
        }
        cls_input_tick(in);
    }
    return true;
}
