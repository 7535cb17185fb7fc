/*
 * Parsing in a process of its own, where the output is a file that gets a name: the process that
 * parses has open fds and no rights, and the process that names the file parses nothing. The result
 * of the first is checked like input.
 */
#ifndef CONVERT_APART_H
#define CONVERT_APART_H

#include "conversion.h"

/*
 * Runs work(c, err) in a child process, since the input may take that over. Passes on its log
 * messages, and its progress to watch. Both ends are open. Otherwise as work(): c->facts and
 * c->in.offset are set from the child's, after a check that all values are possible and that the
 * output has the size that they state. CLS_SYSTEM where the child ends in any other way. The child
 * is killed when this process ends, and by convert_abandon(c->cleanup).
 */
bool apart_run(struct conversion *c, bool (*work)(struct conversion *c, struct cls_error *err),
               struct cls_watch *watch, struct cls_error *err) CLS_MUST_CHECK;

#endif
