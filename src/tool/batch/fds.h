/*
 * Open file descriptors.
 */
#ifndef BATCH_FDS_H
#define BATCH_FDS_H

#include <stddef.h>

#define FDS_KEPT_MAX 8

/* Closes all but the standard ones and these n, at most FDS_KEPT_MAX; negative ones don't count. */
void fds_keep_only(const int *keep, size_t n);

#endif
