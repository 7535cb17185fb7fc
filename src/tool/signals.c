#include "signals.h"

#include <unistd.h>

static struct convert_cleanup *cleanup_at_signal;
static volatile sig_atomic_t usr1_received;

static void terminate(int sig)
{
    if (convert_abandon(cleanup_at_signal))
        _exit(128 + sig);
    /* The output is complete and has its name: let the program exit with status 0. */
}

static void set_usr1(int sig)
{
    (void)sig;
    usr1_received = 1;
}

static void install(int sig, void (*handler)(int))
{
    struct sigaction old, action = {.sa_handler = handler};

    sigfillset(&action.sa_mask);
    if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
        sigaction(sig, &action, NULL);
}

void signals_install(struct convert_cleanup *cleanup)
{
    cleanup_at_signal = cleanup;
    install(SIGTERM, terminate);
    install(SIGINT, terminate);
    install(SIGHUP, terminate);
    install(SIGUSR1, set_usr1);
    install(SIGPIPE, SIG_IGN);
    install(SIGXFSZ, SIG_IGN);
}

bool signals_take_usr1(void)
{
    bool received = usr1_received;

    usr1_received = 0;
    return received;
}
