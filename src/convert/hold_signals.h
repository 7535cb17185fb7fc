/*
 * Signals: blocking all of them, for steps that must not be separated by one, and the actions of
 * child processes.
 */
#ifndef CONVERT_HOLD_SIGNALS_H
#define CONVERT_HOLD_SIGNALS_H

#include <signal.h>
#include <stddef.h>

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

/* Sets the action, SIG_IGN or SIG_DFL, of all signals that the programs handle or ignore. */
static inline void set_signals(void (*action)(int))
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE, SIGXFSZ};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        signal(numbers[i], action);
}

#endif
