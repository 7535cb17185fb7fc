/*
 * Signals of a single conversion. SIGTERM, SIGINT and SIGHUP remove the unfinished output and end
 * the program with status 128 + N. SIGUSR1 requests a progress line. SIGPIPE and SIGXFSZ are
 * ignored, so that write() fails instead.
 */
#ifndef TOOL_SIGNALS_H
#define TOOL_SIGNALS_H

#include "convert/convert.h"

/* cleanup must be static. A signal that is ignored already stays ignored. */
void signals_install(struct convert_cleanup *cleanup);

/* Was SIGUSR1 received since the last call? */
bool signals_take_usr1(void);

#endif
