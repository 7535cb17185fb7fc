/*
 * Parsing in a process of its own, where a name is to be given to what comes of it: the process
 * that parses has open fds and no right, and the one that names has parsed nothing. What the first
 * claims is checked like input.
 */
#ifndef CONVERT_APART_H
#define CONVERT_APART_H

#include "conversion.h"

/*
 * Lets work(c, err) happen in a process of its own, as what is to be parsed may take it over; takes
 * its remarks, and tells the watch how far it is. Both ends are open. As work() otherwise: what it
 * leaves in c->facts and c->in.offset is here, too, all of it possible values, and the output is as
 * long as they say. A process that ends otherwise is CLS_SYSTEM. It ends with ours, whatever ends
 * that; c->cleanup ends it at once.
 */
bool apart_run(struct conversion *c, bool (*work)(struct conversion *c, struct cls_error *err),
               struct cls_watch *watch, struct cls_error *err) CLS_MUST_CHECK;

#endif
