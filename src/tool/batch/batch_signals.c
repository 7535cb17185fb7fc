#include "batch_signals.h"

#include <stddef.h>

static volatile sig_atomic_t ending_signal, usr1_received;

static void set_flag(int sig)
{
    if (sig == SIGUSR1)
        usr1_received = 1;
    else if (sig != SIGCHLD)
        ending_signal = sig;
}

static const int handled[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD};

#define HANDLED (sizeof(handled) / sizeof(handled[0]))

void batch_signals_install(void)
{
    struct sigaction old, action = {.sa_handler = set_flag};

    for (size_t i = 0; i < HANDLED; i++) {
        action.sa_flags = handled[i] == SIGUSR1 || handled[i] == SIGCHLD ? SA_RESTART : 0;
        /* SIGCHLD is needed even if it was ignored before. */
        if (sigaction(handled[i], NULL, &old) == 0 &&
            (old.sa_handler != SIG_IGN || handled[i] == SIGCHLD))
            sigaction(handled[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

void batch_signals_block(sigset_t *while_waiting)
{
    sigset_t blocked;

    sigemptyset(&blocked);
    for (size_t i = 0; i < HANDLED; i++)
        sigaddset(&blocked, handled[i]);
    sigprocmask(SIG_BLOCK, &blocked, while_waiting);
    for (size_t i = 0; i < HANDLED; i++)
        sigdelset(while_waiting, handled[i]);
}

int batch_signals_ending(void)
{
    return ending_signal;
}

bool batch_signals_take_usr1(void)
{
    bool received = usr1_received;

    usr1_received = 0;
    return received;
}
