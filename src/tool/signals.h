/*
 * What signals do: SIGTERM, SIGINT and SIGHUP end the program at once, leaving nothing behind, with
 * status 128 + N; SIGUSR1 asks for the progress; a closed pipe or a size limit is an ordinary
 * error.
 */
#ifndef TOOL_SIGNALS_H
#define TOOL_SIGNALS_H

#include "convert/convert.h"

/* cleanup must live as long as the process. A signal that is ignored already stays ignored. */
void signals_install(struct convert_cleanup *cleanup);

/* Did SIGUSR1 come since the last call? */
bool signals_take_usr1(void);

#endif
