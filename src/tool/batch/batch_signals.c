#include "batch_signals.h"

#include <stddef.h>

static volatile sig_atomic_t end_signal, usr1_came;

static void note(int sig)
{
    if (sig == SIGUSR1)
        usr1_came = 1;
    else if (sig != SIGCHLD)
        end_signal = sig;
}

static const int ours[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};

#define OURS (sizeof(ours) / sizeof(ours[0]))

void batch_signals_install(void)
{
    struct sigaction old, action = {.sa_handler = note};

    for (size_t i = 0; i < OURS; i++) {
        action.sa_flags = ours[i] == SIGUSR1 || ours[i] == SIGCHLD ? SA_RESTART : 0;
        /* SIGCHLD is needed even if it was ignored before. */
        if (sigaction(ours[i], NULL, &old) == 0 &&
            (old.sa_handler != SIG_IGN || ours[i] == SIGCHLD))
            sigaction(ours[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

void batch_signals_block(sigset_t *while_waiting)
{
    sigset_t blocked;

    sigemptyset(&blocked);
    for (size_t i = 0; i < OURS; i++)
        sigaddset(&blocked, ours[i]);
    sigprocmask(SIG_BLOCK, &blocked, while_waiting);
    for (size_t i = 0; i < OURS; i++)
        sigdelset(while_waiting, ours[i]);
}

int batch_signals_end(void)
{
    return end_signal;
}

bool batch_signals_take_usr1(void)
{
    bool came = usr1_came;

    usr1_came = 0;
    return came;
}
