/*
 * The workers of a batch at their work.
 */
#ifndef BATCH_POOL_RUN_H
#define BATCH_POOL_RUN_H

#include "pool.h"

/*
 * Works on all tasks, and makes each one's row. False: the batch as a whole cannot go on (a report
 * can't be written). Where a signal ends it, workers are ended, too, and tasks from next on stay
 * untouched, as do those that were being worked on.
 */
bool pool_run(struct pool *pool, struct cls_error *err) CLS_MUST_CHECK;

#endif
