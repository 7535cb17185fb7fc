/*
 * Directories below one that is open, never by way of a symbolic link, however deep.
 */
#ifndef BATCH_BENEATH_H
#define BATCH_BENEATH_H

#include "base/error.h"

/* Opens the directory path ("" is root itself) for reading; -1 and errno on failure. */
int open_beneath(int root, const char *path);

/* As above, and makes what is missing with this mode; sync: durably. */
int make_beneath(int root, const char *path, unsigned mode, bool sync);

#endif
