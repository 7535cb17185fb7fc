/*
 * What signals do to a batch: they are noted, and looked at when it is convenient.
 */
#ifndef BATCH_BATCH_SIGNALS_H
#define BATCH_BATCH_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

/*
 * From now on SIGTERM, SIGINT, SIGHUP and SIGUSR1 are noted; the first three interrupt calls that
 * wait. A signal that is ignored already stays ignored.
 */
void batch_signals_install(void);

/* From now on they, and SIGCHLD, come only while waiting with the mask that is returned here. */
void batch_signals_block(sigset_t *while_waiting);

/* The signal that asks for the end; 0: none came. */
int batch_signals_end(void);

/* Did SIGUSR1 come since the last call? */
bool batch_signals_take_usr1(void);

#endif
