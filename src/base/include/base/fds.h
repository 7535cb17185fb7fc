/*
 * Open file descriptors.
 */
#ifndef BASE_FDS_H
#define BASE_FDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define FDS_KEPT_MAX 16

/* Closes all fds except 0 to 2 and the n in keep (at most FDS_KEPT_MAX; negative: ignored). */
void fds_keep_only(const int *keep, size_t n);

/*
 * Like fstat(). Newer C libraries implement fstat() with a system call that takes a path, which the
 * sandbox rejects.
 */
int fd_stat(int fd, struct stat *st);

/* Like open(), but continues after a signal, which may come while it waits for a FIFO. */
int fd_open(const char *path, int flags);

/* Do a and b describe the same file (device and inode)? */
static inline bool fd_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

#endif
