/*
 * A list of system calls to be denied, for what Landlock does not cover: to a daemon that trusts
 * the user id, or by the mode of a file that has the same owner, even a root without capabilities
 * is root. It is no list of what is allowed: such a list must follow each new call that a libc
 * takes to, and fails when it doesn't (file(1) was bitten by that for years).
 */
#ifndef BASE_SECCOMP_H
#define BASE_SECCOMP_H

#include "base/error.h"
#include "base/log.h"

/* no_new_privs must be set. A kernel without seccomp is logged and done without. */
bool seccomp_deny(const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

#endif
