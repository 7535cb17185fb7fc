#include "no_tmpfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

bool no_tmpfile;

/* The linker redirects calls of openat() here (--wrap); the libc decides which name is used. */
int __real_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat64(int dir_fd, const char *path, int flags, ...)
    __attribute__((alias("__wrap_openat")));

int __wrap_openat(int dir_fd, const char *path, int flags, ...)
{
    va_list args;
    unsigned mode;

    va_start(args, flags);
    mode = va_arg(args, unsigned);
    va_end(args);
    if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return __real_openat(dir_fd, path, flags | O_LARGEFILE, mode);
}
