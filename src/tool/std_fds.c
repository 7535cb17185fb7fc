#include "std_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool std_fds_fill(struct cls_error *err)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* The lowest free number is the one that is missing. */
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return cls_fail_errno(err, errno, "cannot open /dev/null as fd %d", fd);
    }
    return true;
}

bool std_fds_flush(struct cls_error *err)
{
    errno = EIO; /* an earlier failure's reason is gone */
    /* musl forgets earlier failures. */
    return (fflush(stdout) == 0 && !ferror(stdout)) ||
           cls_fail_errno(err, errno, "cannot write standard output");
}
