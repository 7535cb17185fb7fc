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

void batch_signals_install(sigset_t *while_waiting)
{
    static const int ours[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};
    struct sigaction old, action = {.sa_handler = note};
    sigset_t blocked;

    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        /* Children must be noticed even where SIGCHLD was ignored. */
        if (sigaction(ours[i], NULL, &old) == 0 &&
            (old.sa_handler != SIG_IGN || ours[i] == SIGCHLD))
            sigaction(ours[i], &action, NULL);
        sigaddset(&blocked, ours[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    sigprocmask(SIG_BLOCK, &blocked, while_waiting);
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
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
