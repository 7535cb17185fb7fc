#include "base/move.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "cache.h"
#include "output_ops.h"

#define PIPE_SIZE (1024 * 1024) /* what anyone may have (fs.pipe-max-size) */
#define BLOCK     4096

/* Errors (such as too many pipes of this user) are ignored: it is only slower then. */
static void enlarge_pipe(int fd)
{
    if (fcntl(fd, F_GETPIPE_SZ) < PIPE_SIZE)
        (void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
}

static bool is_plain_file(int fd)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);

    /* splice() refuses files opened for appending. */
    return fd_stat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) && flags >= 0 &&
           !(flags & O_APPEND);
}

static void pick_operations(const struct cls_input *in, struct cls_output *out,
                            const struct cls_move_options *options)
{
    off_t at = lseek(out->fd, 0, SEEK_CUR);

    out->file_start = at > 0 ? (uint64_t)at : 0;
    if (options->compare)
        out->ops = &output_compare;
    else if (options->sparse && at >= 0)
        out->ops = &output_sparse;
    else if (out->is_pipe ||
             (!(is_plain_file(out->fd) && output_staged_open(out, options->expected)) &&
              in->is_pipe))
        out->ops = &output_splice;
}

void cls_move_prepare(struct cls_input *in, struct cls_output *out,
                      const struct cls_move_options *options, const struct cls_log *log)
{
    if (in->is_pipe)
        enlarge_pipe(in->fd);
    if (out->is_pipe)
        enlarge_pipe(out->fd);
    if (in->is_regular)
        (void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* reads ahead twice as far */
    pick_operations(in, out, options);
    cache_prepare(in, out, options->durable);
    cls_info(log, "page data moves %s", out->ops->name);
}

static bool copy_some(struct cls_input *in, struct cls_output *out, uint64_t *left, bool *ended,
                      struct cls_error *err)
{
    uint8_t *buf = cls_input_bulk(in, err);
    size_t step = *left < CLS_BULK_SIZE ? (size_t)*left : CLS_BULK_SIZE, got;

    if (step == CLS_BULK_SIZE) /* the next write starts at a block of the file */
        step -= (size_t)((out->file_start + out->offset + step) % BLOCK);
    if (!buf || !cls_input_read_some(in, buf, step, &got, err) ||
        !cls_output_write(out, buf, got, err))
        return false;
    *left -= got;
    *ended = got < step;
    return true;
}

static bool move_by_kernel(struct cls_input *in, struct cls_output *out, uint64_t *left,
                           struct cls_error *err)
{
    if (!out->ops->move || in->changes || *left == 0)
        return true;
    return cls_output_flush(out, err) && out->ops->move(out, in, left, err);
}

/* Peeked bytes were already read from the fd. */
static bool move_peeked(struct cls_input *in, struct cls_output *out, uint64_t *left,
                        struct cls_error *err)
{
    size_t n = in->peek_end - in->peek_start;

    if (n > *left)
        n = (size_t)*left;
    if (n > 0 && !cls_output_write(out, in->peeked + in->peek_start, n, err))
        return false;
    in->peek_start += n;
    in->offset += n;
    *left -= n;
    return true;
}

bool cls_move(struct cls_input *in, struct cls_output *out, uint64_t n, const char *what,
              struct cls_error *err)
{
    uint64_t start = in->offset, left = n;
    bool ended = false;

    if (!cls_input_allows(in, n, err) || !move_peeked(in, out, &left, err) ||
        !move_by_kernel(in, out, &left, err))
        return false;
    while (left > 0 && !ended)
        if (!copy_some(in, out, &left, &ended, err))
            return false;
    cache_drop(in, out);
    return left == 0 || cls_input_truncated(in, err, start, n, n - left, what);
}
