/*
 * Gives up, for the rest of the process's life, everything that reading and writing open fds does
 * not need: other fds, new privileges, capabilities; by seccomp all other system calls; and, where
 * the kernel has Landlock, by that once more all access to files, to TCP, and to other processes'
 * signals and abstract sockets.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stddef.h>

#include "base/error.h"
#include "base/log.h"

/* Is it part of this build (CLS_SANDBOX)? */
bool sandbox_is_built(void);

/*
 * To be called when all files are open and before the first byte of input is parsed. Stay open:
 * fds 0 to 2 and these, at most FDS_KEPT_MAX, negative ones ignored. What the kernel does not know
 * is logged (CLS_LOG_INFO) and done without; that a known means fails is an error (CLS_SYSTEM). In
 * a build without the sandbox only logs that.
 */
bool sandbox_enter(const int *keep, size_t n, const struct cls_log *log,
                   struct cls_error *err) CLS_MUST_CHECK;

/*
 * For a process that is about to execute a program of the system: no new privileges, no
 * capabilities, and files can only be read and executed (as far as the kernel has Landlock).
 * Async-signal-safe. False: errno says why not.
 */
bool sandbox_enter_reader(void) CLS_MUST_CHECK;

#endif
