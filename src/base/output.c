#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "output_ops.h"

void cls_output_init(struct cls_output *out, int fd, const char *name,
                     const struct cls_watch *watch)
{
    struct stat st;

    out->ops = &output_loop;
    out->state = NULL;
    out->own[0] = out->own[1] = -1;
    out->fd = fd;
    out->watch = watch;
    out->name = name;
    out->is_pipe = fd_stat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
    out->offset = 0;
    out->moved = 0;
    out->file_start = 0;
    out->window = (struct cls_window){.end = UINT64_MAX};
    out->used = 0;
}

void cls_output_release(struct cls_output *out)
{
    if (out->ops->release)
        out->ops->release(out);
    out->state = NULL;
}

bool output_fail(const struct cls_output *out, struct cls_error *err, int errnum)
{
    return cls_fail_errno(err, errnum, "cannot write %s", out->name);
}

bool output_write_all(struct cls_output *out, const uint8_t *bytes, size_t n, struct cls_error *err)
{
    while (n > 0) {
        ssize_t w = write(out->fd, bytes, n);

        if (w >= 0) {
            bytes += w;
            n -= (size_t)w;
        } else if (errno == EAGAIN) {
            cls_wait_ready(out->fd, POLLOUT);
        } else if (errno != EINTR) {
            return output_fail(out, err, errno);
        } else {
            cls_watch_tick(out->watch);
        }
    }
    return true;
}

const struct cls_output_ops output_loop = {
    .name = "by read and write",
    .write = output_write_all,
};

void output_count_moved(struct cls_output *out, struct cls_input *in, uint64_t *left, size_t n)
{
    *left -= n;
    in->offset += n;
    out->offset += n;
    out->moved += n;
}

bool cls_output_flush(struct cls_output *out, struct cls_error *err)
{
    size_t n = out->used;

    out->used = 0;
    return n == 0 || out->ops->write(out, out->buf, n, err);
}

bool cls_output_write(struct cls_output *out, const void *bytes, size_t n, struct cls_error *err)
{
    if (n == 0)
        return true;
    if (n > sizeof(out->buf) - out->used && !cls_output_flush(out, err))
        return false;
    out->offset += n;
    if (n > sizeof(out->buf)) /* the buffer is empty */
        return out->ops->write(out, bytes, n, err);
    memcpy(out->buf + out->used, bytes, n);
    out->used += n;
    return true;
}

bool cls_output_zeros(struct cls_output *out, size_t n, struct cls_error *err)
{
    static const uint8_t zeros[CLS_OUTPUT_BUFFER];

    return cls_output_write(out, zeros, n, err);
}

/* Closes a duplicate: the caller still needs the fd to name the file. */
static bool check_close(const struct cls_output *out, struct cls_error *err)
{
    int fd = fcntl(out->fd, F_DUPFD_CLOEXEC, 0);

    return (fd >= 0 && (close(fd) == 0 || errno == EINTR)) || output_fail(out, err, errno);
}

bool cls_output_finish(struct cls_output *out, struct cls_error *err)
{
    return cls_output_flush(out, err) && (!out->ops->finish || out->ops->finish(out, err)) &&
           check_close(out, err);
}
