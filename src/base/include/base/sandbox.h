/*
 * Gives up, for the rest of the process's life, everything that reading and writing open fds does
 * not need: new privileges, capabilities; by Landlock all access to files, to TCP and, where the
 * kernel knows how, to other processes' signals and abstract sockets; and by seccomp a few system
 * calls that none of these covers.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stddef.h>

#include "base/error.h"
#include "base/log.h"

/* Where a file may still be named. */
struct sandbox_place {
    int dir_fd;          /* in this directory; -1: nowhere */
    bool may_remove;     /* and removed there, as a rename over a file does */
    bool sticky_foreign; /* what is to be replaced is another user's, in a sticky directory */
};

/*
 * To be called when all files are open and before the first byte of input is parsed. What the
 * kernel does not know is logged (CLS_LOG_INFO) and done without; that a known means fails is an
 * error (CLS_SYSTEM). In a build without the sandbox (CLS_SANDBOX=OFF) only logs that.
 */
bool sandbox_enter(const struct sandbox_place *places, size_t count, const struct cls_log *log,
                   struct cls_error *err) CLS_MUST_CHECK;

#endif
