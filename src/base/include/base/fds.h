/*
 * Open file descriptors.
 */
#ifndef BASE_FDS_H
#define BASE_FDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define FDS_KEPT_MAX 16

/* Closes all fds but 0 to 2 and these n (at most FDS_KEPT_MAX; negative ones are ignored). */
void fds_keep_only(const int *keep, size_t n);

/* As fstat(), which newer C libraries implement by a call that takes a path: the sandbox rejects
 * it. */
int fd_stat(int fd, struct stat *st);

/* Are a and b of the same inode? */
static inline bool fd_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

#endif
