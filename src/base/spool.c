#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* For file systems without O_TMPFILE: the name is removed at once. */
static int open_named(const char *dir)
{
    char path[PATH_MAX];
    int fd;

    if (snprintf(path, sizeof(path), "%s/convert-legacy-stream.XXXXXX", dir) >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

void spool_open(struct spool *spool)
{
    const char *dir = secure_getenv("TMPDIR");

    *spool = (struct spool){.dir = dir && *dir ? dir : "/tmp"};
    spool->fd = openat(AT_FDCWD, spool->dir, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (spool->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
        spool->fd = open_named(spool->dir);
    if (spool->fd < 0)
        spool->errnum = errno;
}

void spool_close(struct spool *spool)
{
    if (spool->dir && spool->fd >= 0)
        close(spool->fd);
    *spool = (struct spool){.fd = -1};
}

static bool fail(const struct spool *spool, int errnum, const char *doing, struct cls_error *err)
{
    return cls_fail_errno(err, errnum, "cannot %s a temporary file in %s (TMPDIR)", doing,
                          spool->dir);
}

static bool is_there(struct spool *spool, struct cls_error *err)
{
    spool->missed = spool->fd < 0;
    return !spool->missed || fail(spool, spool->errnum, "create", err);
}

bool spool_put(struct spool *spool, uint64_t offset, const void *bytes, size_t n,
               struct cls_error *err)
{
    const uint8_t *from = bytes;

    if (!is_there(spool, err))
        return false;
    while (n > 0) {
        ssize_t w = pwrite(spool->fd, from, n, (off_t)offset);

        if (w >= 0) {
            from += w;
            offset += (uint64_t)w;
            n -= (size_t)w;
        } else if (errno != EINTR) {
            return fail(spool, errno, "write", err);
        }
    }
    return true;
}

bool spool_get(struct spool *spool, uint64_t offset, void *bytes, size_t n, struct cls_error *err)
{
    uint8_t *to = bytes;

    if (!is_there(spool, err))
        return false;
    while (n > 0) {
        ssize_t r = pread(spool->fd, to, n, (off_t)offset);

        if (r > 0) {
            to += r;
            offset += (uint64_t)r;
            n -= (size_t)r;
        } else if (r == 0 || errno != EINTR) {
            return fail(spool, r == 0 ? EIO : errno, "read", err);
        }
    }
    return true;
}

void spool_discard(struct spool *spool, uint64_t offset)
{
    if (spool->fd >= 0 && offset > 0)
        (void)fallocate(spool->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)offset);
}
