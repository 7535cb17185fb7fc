/*
 * The sandbox: for the rest of its life a process can read and write its open fds, and little else.
 * Other fds, new privileges and capabilities are dropped, and seccomp rejects all other system
 * calls. Where the kernel has Landlock, that also denies access to files by name, to TCP, and to
 * abstract sockets and signals of other processes.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stddef.h>

#include "base/error.h"
#include "base/log.h"

/* Is it part of this build (CLS_SANDBOX)? */
bool sandbox_is_built(void);

/*
 * To be called when all files are open and before the first byte of input is parsed. Closes all fds
 * but 0 to 2 and these n (at most FDS_KEPT_MAX; negative ones are ignored). A mechanism that the
 * kernel does not have is logged (CLS_LOG_INFO) and left out; one that fails is an error
 * (CLS_SYSTEM). In a build without the sandbox this only logs that.
 */
bool sandbox_enter(const int *keep, size_t n, const struct cls_log *log,
                   struct cls_error *err) CLS_MUST_CHECK;

/*
 * For a process that is about to execute a decompressor: no new privileges, no capabilities, and,
 * where the kernel has Landlock, files can only be read and executed. Async-signal-safe. False: see
 * errno.
 */
bool sandbox_enter_reader(void) CLS_MUST_CHECK;

#endif
