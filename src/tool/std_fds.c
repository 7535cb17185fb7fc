#include "std_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool std_fds_fill(struct cls_error *err)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* open() uses the lowest free number, which is fd. */
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return cls_fail_errno(err, errno, "cannot open /dev/null as fd %d", fd);
    }
    return true;
}

bool std_fds_flush(struct cls_error *err)
{
    errno = EIO; /* in case an earlier write failed: its errno is lost */
    /* musl's fflush() does not report earlier failures. */
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           cls_fail_errno(err, errno, "cannot write standard output");
}
