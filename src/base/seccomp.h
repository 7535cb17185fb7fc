/*
 * Allows the system calls that reading and writing open fds needs; all others fail with EPERM.
 * docs/SECURITY.md has the list with reasons.
 */
#ifndef BASE_SECCOMP_H
#define BASE_SECCOMP_H

#include "base/error.h"
#include "base/log.h"

/*
 * For the rest of the process's life. no_new_privs must be set. A kernel without seccomp is only
 * logged (CLS_LOG_INFO).
 */
bool seccomp_enter(const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

#endif
