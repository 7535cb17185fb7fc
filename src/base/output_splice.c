#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/types.h>

#include "output_ops.h"

/* Enough for one call to move a whole page batch where the pipe is large enough. */
#define STEP ((size_t)4 * 1024 * 1024)

/*
 * After an error, and at the end of the input, the caller goes on by read and write: that shows
 * which side failed, and how. EPIPE is reported at once, since a read might block first.
 */
static bool move(struct cls_output *out, struct cls_input *in, uint64_t *left,
                 struct cls_error *err)
{
    while (*left > 0) {
        size_t step = *left < STEP ? (size_t)*left : STEP;
        ssize_t r = splice(in->fd, NULL, out->fd, NULL, step, SPLICE_F_MOVE);

        if (r > 0) {
            output_count_moved(out, in, left, (size_t)r);
        } else if (r < 0 && errno == EAGAIN) {
            /* One of the two is non-blocking; the call does not say which one is not ready. */
            cls_wait_ready(in->fd, POLLIN);
            cls_wait_ready(out->fd, POLLOUT);
        } else if (r < 0 && errno == EPIPE) {
            return output_fail(out, err, errno);
        } else if (r == 0 || errno != EINTR) {
            return true;
        }
        cls_input_tick(in);
    }
    return true;
}

const struct cls_output_ops output_splice = {
    .name = "by splice",
    .write = output_write_all,
    .move = move,
};
