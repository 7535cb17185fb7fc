#include "base/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* By number, since musl has no close_range(). Kernels before 5.9 have no such call: one by one. */
static void close_from_to(unsigned first, unsigned last)
{
    long limit;

    if (syscall(SYS_close_range, first, last, 0) == 0)
        return;
    limit = sysconf(_SC_OPEN_MAX);
    for (long fd = (long)first; fd <= (long)last && fd < limit; fd++)
        close((int)fd);
}

void fds_keep_only(const int *keep, size_t n)
{
    int sorted[FDS_KEPT_MAX], first = STDERR_FILENO + 1;

    memcpy(sorted, keep, n * sizeof(*keep));
    qsort(sorted, n, sizeof(*sorted), compare);
    for (size_t i = 0; i < n; i++) {
        if (sorted[i] < first)
            continue;
        if (sorted[i] > first)
            close_from_to((unsigned)first, (unsigned)sorted[i] - 1);
        first = sorted[i] + 1;
    }
    close_from_to((unsigned)first, ~0u);
}

int fd_open(const char *path, int flags)
{
    int fd;

    do
        fd = open(path, flags);
    while (fd < 0 && errno == EINTR);
    return fd;
}

int fd_stat(int fd, struct stat *st)
{
#if defined(__GLIBC__) && defined(SYS_fstat64)
    return (int)syscall(SYS_fstat64, fd, st);
#elif defined(__GLIBC__)
    return (int)syscall(SYS_fstat, fd, st);
#else
    return fstat(fd, st);
#endif
}
