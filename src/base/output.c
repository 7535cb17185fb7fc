#include "base/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/input.h"
#include "stage.h"

void cls_output_init(struct cls_output *out, int fd, const char *name,
                     const struct cls_watch *watch)
{
    out->fd = fd;
    out->watch = watch;
    out->name = name;
    out->is_pipe = cls_is_pipe(fd);
    out->offset = 0;
    out->used = 0;
    out->way = CLS_WAY_LOOP;
    memset(out->moved, 0, sizeof(out->moved));
    out->stage[0] = out->stage[1] = -1;
    out->staged = 0;
    out->file_start = 0;
    out->window = (struct cls_window){.end = UINT64_MAX};
}

void cls_output_release(struct cls_output *out)
{
    stage_close(out);
}

bool cls_output_fail(const struct cls_output *out, struct cls_error *err, int errnum)
{
    return cls_fail_errno(err, errnum, "cannot write %s", out->name);
}

bool output_write_all(const struct cls_output *out, const uint8_t *bytes, size_t n,
                      struct cls_error *err)
{
    while (n > 0) {
        ssize_t w = write(out->fd, bytes, n);

        if (w >= 0) {
            bytes += w;
            n -= (size_t)w;
        } else if (errno == EAGAIN) {
            cls_wait_ready(out->fd, POLLOUT);
        } else if (errno != EINTR) {
            return cls_output_fail(out, err, errno);
        } else {
            cls_watch_tick(out->watch);
        }
    }
    return true;
}

bool cls_output_flush(struct cls_output *out, struct cls_error *err)
{
    size_t n = out->used;

    out->used = 0;
    return stage_drain(out, STAGE_ALL, err) && output_write_all(out, out->buf, n, err);
}

bool cls_output_write_through(struct cls_output *out, const uint8_t *bytes, size_t n,
                              struct cls_error *err)
{
    out->offset += n;
    return output_write_all(out, bytes, n, err);
}

bool cls_output_write(struct cls_output *out, const void *bytes, size_t n, struct cls_error *err)
{
    if (n == 0)
        return true;
    if (n > sizeof(out->buf) - out->used) {
        if (!cls_output_flush(out, err))
            return false;
        if (n > sizeof(out->buf))
            return cls_output_write_through(out, bytes, n, err);
    }
    memcpy(out->buf + out->used, bytes, n);
    out->used += n;
    out->offset += n;
    return true;
}

bool cls_output_zeros(struct cls_output *out, size_t n, struct cls_error *err)
{
    if (n > sizeof(out->buf) - out->used && !cls_output_flush(out, err))
        return false;
    memset(out->buf + out->used, 0, n);
    out->used += n;
    out->offset += n;
    return true;
}
