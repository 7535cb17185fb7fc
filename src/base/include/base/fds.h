/*
 * Open file descriptors.
 */
#ifndef BASE_FDS_H
#define BASE_FDS_H

#include <stddef.h>
#include <sys/stat.h>

#define FDS_KEPT_MAX 16

/* Closes all but the standard ones and these n, at most FDS_KEPT_MAX; negative ones don't count. */
void fds_keep_only(const int *keep, size_t n);

/*
 * As fstat(), which newer C libraries make of a call that takes a path: the sandbox refuses those.
 */
int fd_stat(int fd, struct stat *st);

#endif
