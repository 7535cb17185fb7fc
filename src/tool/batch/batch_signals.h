/*
 * Signals of a batch: handlers only set flags, which the main loop polls.
 */
#ifndef BATCH_BATCH_SIGNALS_H
#define BATCH_BATCH_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/*
 * Installs handlers for SIGTERM, SIGINT, SIGHUP and SIGUSR1; the first three interrupt blocking
 * system calls. A signal that is ignored already stays ignored.
 */
void batch_signals_install(void);

/*
 * Blocks these signals and SIGCHLD. *while_waiting is the mask for ppoll(), during which they are
 * delivered.
 */
void batch_signals_block(sigset_t *while_waiting);

/* The SIGTERM, SIGINT or SIGHUP that was received; 0: none. */
int batch_signals_ending(void);

/* Was SIGUSR1 received since the last call? */
bool batch_signals_take_usr1(void);

#endif
