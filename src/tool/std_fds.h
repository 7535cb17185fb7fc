/*
 * If the program is started with one of fds 0 to 2 closed, the next opened file would get that
 * number, and messages could be written into it.
 */
#ifndef TOOL_STD_FDS_H
#define TOOL_STD_FDS_H

#include "base/error.h"

/*
 * Opens /dev/null for each closed one of fds 0 to 2. The access mode is the wrong one (write-only
 * for fd 0), so that using the fd as input or output still fails. To be called before any open().
 */
bool std_fds_fill(struct cls_error *err) CLS_MUST_CHECK;

/* Flushes standard output. Fails if this or any earlier write failed. */
bool std_fds_flush(struct cls_error *err) CLS_MUST_CHECK;

#endif
