/*
 * Parses in a separate process if the output is renamed into place. The process that parses has
 * only open fds and no rights. The process that renames the file parses nothing, and checks the
 * result of the other process like input.
 */
#ifndef CONVERT_APART_H
#define CONVERT_APART_H

#include "conversion.h"

/*
 * Runs work(c, err) in a child process, because the input may take over that process. Both ends
 * must be open. The child's messages are logged, and its progress is passed to watch. Returns and
 * fills err like work(). c->facts and c->in.offset are set from the child's result, after a check
 * that all values are possible and that the output has the stated size. Fails with CLS_SYSTEM if
 * the child ends without such a result. The child is killed when this process ends, and by
 * convert_abandon(c->cleanup).
 */
bool apart_run(struct conversion *c, bool (*work)(struct conversion *c, struct cls_error *err),
               struct cls_watch *watch, struct cls_error *err) CLS_MUST_CHECK;

#endif
