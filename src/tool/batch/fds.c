#include "fds.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* musl has no function for it. */
static void close_from_to(unsigned first, unsigned last)
{
    (void)syscall(SYS_close_range, first, last, 0);
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
