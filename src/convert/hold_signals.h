/*
 * Blocks all signals, for steps that must not be separated by one.
 */
#ifndef CONVERT_HOLD_SIGNALS_H
#define CONVERT_HOLD_SIGNALS_H

#include <signal.h>

static inline void hold_signals(sigset_t *old)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, old);
}

static inline void release_signals(const sigset_t *old)
{
    sigprocmask(SIG_SETMASK, old, NULL);
}

#endif
