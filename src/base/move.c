#include "base/move.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/types.h>

/* Enough for one call to move a whole page batch where the pipe is large enough. */
#define SPLICE_STEP ((size_t)4 * 1024 * 1024)

/*
 * Until *left is 0, or the two ends won't go on in this way. Then, and at the end of the input, the
 * loop goes on: it can tell which side failed, and how. Only a reader that has gone is told at
 * once, since the loop might wait for input first.
 */
static bool splice_what_goes(struct cls_input *in, struct cls_output *out, uint64_t *left,
                             struct cls_error *err)
{
    while (*left > 0) {
        size_t step = *left < SPLICE_STEP ? (size_t)*left : SPLICE_STEP;
        ssize_t r = splice(in->fd, NULL, out->fd, NULL, step, SPLICE_F_MOVE);

        if (r > 0) {
            *left -= (uint64_t)r;
            in->offset += (uint64_t)r;
            out->offset += (uint64_t)r;
        } else if (r < 0 && errno == EAGAIN) {
            /* One of the two is non-blocking, and the call doesn't say which is not ready. */
            cls_wait_ready(in->fd, POLLIN);
            cls_wait_ready(out->fd, POLLOUT);
        } else if (r < 0 && errno == EPIPE) {
            return cls_output_fail(out, err, errno);
        } else if (r == 0 || errno != EINTR) {
            return true;
        }
        cls_input_tick(in);
    }
    return true;
}

static bool copy_some(struct cls_input *in, struct cls_output *out, uint64_t *left, bool *ended,
                      struct cls_error *err)
{
    uint8_t *buf = cls_input_bulk(in, err);
    size_t step = *left < CLS_BULK_SIZE ? (size_t)*left : CLS_BULK_SIZE, got;

    if (!buf || !cls_input_read_some(in, buf, step, &got, err) ||
        !cls_output_write_through(out, buf, got, err))
        return false;
    *left -= got;
    *ended = got < step;
    return true;
}

bool cls_move(struct cls_input *in, struct cls_output *out, uint64_t n, const char *what,
              struct cls_error *err)
{
    uint64_t start = in->offset, left = n;
    size_t peeked = in->peek_end - in->peek_start;
    bool ended = false;

    if (peeked > 0) {
        /* What was looked at before is no longer in the fd. */
        size_t part = peeked < left ? peeked : (size_t)left;

        if (!cls_output_write(out, in->peeked + in->peek_start, part, err))
            return false;
        in->peek_start += part;
        in->offset += part;
        left -= part;
    }
    if (!cls_output_flush(out, err))
        return false;
    if (left > 0 && (in->is_pipe || out->is_pipe) && !splice_what_goes(in, out, &left, err))
        return false;
    while (left > 0 && !ended)
        if (!copy_some(in, out, &left, &ended, err))
            return false;
    return left == 0 || cls_input_truncated(in, err, start, n, n - left, what);
}
