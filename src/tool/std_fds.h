/*
 * fds 0 to 2 may be closed when the program starts; then the next file that is opened would become
 * one of them, and messages would be written into it.
 */
#ifndef TOOL_STD_FDS_H
#define TOOL_STD_FDS_H

#include "base/error.h"

/*
 * Puts /dev/null where one of fds 0 to 2 is closed, opened the wrong way round, so that whoever
 * names it as input or output still gets an error. To be called before anything is opened.
 */
bool std_fds_fill(struct cls_error *err) CLS_MUST_CHECK;

/* Flushes standard output. Fails if anything that was ever printed could not be written. */
bool std_fds_flush(struct cls_error *err) CLS_MUST_CHECK;

#endif
