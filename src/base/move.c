#include "base/move.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "cache.h"
#include "stage.h"

/* Enough for one call to move a whole page batch where the pipe is large enough. */
#define SPLICE_STEP  ((size_t)4 * 1024 * 1024)
#define PIPE_SIZE    (1024 * 1024) /* what anyone may have (fs.pipe-max-size) */
#define SPARSE_BLOCK 4096

/* Refused (too many pipes of this user, say): slower, not wrong. */
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
    return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) && flags >= 0 &&
           !(flags & O_APPEND);
}

static enum cls_way pick_way(const struct cls_input *in, struct cls_output *out, bool sparse)
{
    off_t at = lseek(out->fd, 0, SEEK_CUR);

    out->file_start = at > 0 ? (uint64_t)at - out->offset : 0;
    if (sparse && at >= 0)
        return CLS_WAY_SPARSE;
    if (out->is_pipe)
        return CLS_WAY_SPLICE;
    if (is_plain_file(out->fd) && stage_open(out))
        return CLS_WAY_STAGED;
    return in->is_pipe ? CLS_WAY_SPLICE : CLS_WAY_LOOP;
}

void cls_move_prepare(struct cls_input *in, struct cls_output *out,
                      const struct cls_move_options *options, const struct cls_log *log)
{
    static const char *const names[CLS_WAYS] = {
        [CLS_WAY_LOOP] = "by read and write",
        [CLS_WAY_SPLICE] = "by splice",
        [CLS_WAY_STAGED] = "by splice, through a pipe of our own",
        [CLS_WAY_SPARSE] = "by read and write, leaving out blocks of zeros",
    };

    if (in->is_pipe)
        enlarge_pipe(in->fd);
    if (out->is_pipe)
        enlarge_pipe(out->fd);
    if (in->is_regular)
        (void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* reads ahead twice as far */
    out->way = pick_way(in, out, options->sparse);
    cache_prepare(in, out, options->durable);
    cls_info(log, "page data moves %s", names[out->way]);
}

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
            out->moved[CLS_WAY_SPLICE] += (uint64_t)r;
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

static bool is_zero(const uint8_t *bytes, size_t n)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0;
}

/* Writes n bytes, but seeks over whole blocks of the file that would hold nothing but zeros. */
static bool write_sparse(struct cls_output *out, const uint8_t *bytes, size_t n,
                         struct cls_error *err)
{
    while (n > 0) {
        uint64_t at = out->file_start + out->offset;
        size_t block = SPARSE_BLOCK - (size_t)(at % SPARSE_BLOCK);
        bool hole = false;

        if (block > n)
            block = n;
        hole = block == SPARSE_BLOCK && is_zero(bytes, block);
        /* As many blocks of the same kind as follow. */
        while (n - block >= SPARSE_BLOCK && is_zero(bytes + block, SPARSE_BLOCK) == hole)
            block += SPARSE_BLOCK;
        if (!hole && !cls_output_write_through(out, bytes, block, err))
            return false;
        if (hole && lseek(out->fd, (off_t)block, SEEK_CUR) < 0)
            return cls_output_fail(out, err, errno);
        out->offset += hole ? block : 0;
        bytes += block;
        n -= block;
    }
    return true;
}

static bool copy_some(struct cls_input *in, struct cls_output *out, uint64_t *left, bool *ended,
                      struct cls_error *err)
{
    uint8_t *buf = cls_input_bulk(in, err);
    size_t step = *left < CLS_BULK_SIZE ? (size_t)*left : CLS_BULK_SIZE, got;

    if (!buf || !cls_input_read_some(in, buf, step, &got, err))
        return false;
    if (!(out->way == CLS_WAY_SPARSE ? write_sparse(out, buf, got, err)
                                     : cls_output_write_through(out, buf, got, err)))
        return false;
    out->moved[out->way == CLS_WAY_SPARSE ? CLS_WAY_SPARSE : CLS_WAY_LOOP] += got;
    *left -= got;
    *ended = got < step;
    return true;
}

/* What was looked at before is no longer in the fd. */
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

    if (!move_peeked(in, out, &left, err))
        return false;
    if (left > 0 && out->way == CLS_WAY_STAGED && !in->changes && !stage_move(in, out, &left, err))
        return false;
    if (out->way != CLS_WAY_STAGED || left > 0) {
        if (!cls_output_flush(out, err))
            return false;
    }
    if (left > 0 && out->way == CLS_WAY_SPLICE && !in->changes &&
        !splice_what_goes(in, out, &left, err))
        return false;
    while (left > 0 && !ended)
        if (!copy_some(in, out, &left, &ended, err))
            return false;
    cache_let_go(in, out);
    return left == 0 || cls_input_truncated(in, err, start, n, n - left, what);
}
