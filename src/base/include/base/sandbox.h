/*
 * The sandbox: from then on a process can read and write its open fds, and do little else. It
 * closes other fds, drops capabilities and sets no_new_privs; seccomp rejects all system calls that
 * are not on a list. If the kernel has Landlock, it also denies access to files by name, TCP,
 * abstract sockets, and signals to other processes.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stddef.h>

#include "base/error.h"
#include "base/log.h"

/* Is the sandbox part of this build (CLS_SANDBOX)? */
bool sandbox_is_built(void);

/*
 * Enters the sandbox. To be called when all files are open, before the first byte of input is
 * parsed. Closes all fds except 0 to 2 and the n in keep (at most FDS_KEPT_MAX; negative ones are
 * ignored). If the kernel has no Landlock, that is logged (CLS_LOG_INFO). Fails with CLS_SYSTEM. In
 * a build without the sandbox, this only logs that there is none.
 */
bool sandbox_enter(const int *keep, size_t n, const struct cls_log *log,
                   struct cls_error *err) CLS_MUST_CHECK;

/*
 * Restricts a process that will execute a decompressor: no new privileges and no capabilities. If
 * the kernel has Landlock, files can only be read and executed. Async-signal-safe. On failure
 * returns false, with errno set.
 */
bool sandbox_enter_reader(void) CLS_MUST_CHECK;

#endif
