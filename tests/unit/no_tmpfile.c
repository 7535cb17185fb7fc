#include "no_tmpfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

bool no_tmpfile;

/* The linker sends every call of openat() here (--wrap); which of the two names is the libc's
 * choice. */
int __real_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat64(int dir_fd, const char *path, int flags, ...);

static int open_or_refuse(int dir_fd, const char *path, int flags, unsigned mode)
{
    if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return __real_openat(dir_fd, path, flags | O_LARGEFILE, mode);
}

int __wrap_openat(int dir_fd, const char *path, int flags, ...)
{
    va_list args;
    unsigned mode;

    va_start(args, flags);
    mode = va_arg(args, unsigned);
    va_end(args);
    return open_or_refuse(dir_fd, path, flags, mode);
}

int __wrap_openat64(int dir_fd, const char *path, int flags, ...)
{
    va_list args;
    unsigned mode;

    va_start(args, flags);
    mode = va_arg(args, unsigned);
    va_end(args);
    return open_or_refuse(dir_fd, path, flags, mode);
}
