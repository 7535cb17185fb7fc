/*
 * --verify: both files are read once more, to prove that the new one is sound and what the old one
 * converts to.
 */
#ifndef CONVERT_READ_BACK_H
#define CONVERT_READ_BACK_H

#include "conversion.h"

/*
 * CLS_USAGE where one of the two cannot be read again. Before anything is read and the sandbox
 * entered: a compressed input takes a second process that uncompresses it.
 */
bool read_back_prepare(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/*
 * After a run() that went well: syncs the output (unless --no-sync) and drops it from the page
 * cache, verifies it, and runs the conversion once more with an output that compares. Both fds
 * stand behind the stream afterwards, as before. Fails with CLS_SYSTEM: since the input was sound
 * before, it changed meanwhile, a disk or memory is at fault, or we are.
 */
bool read_back(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

#endif
