/*
 * The main loop of a batch.
 */
#ifndef BATCH_POOL_RUN_H
#define BATCH_POOL_RUN_H

#include "pool.h"

/*
 * Converts the files of all tasks and reports a row for each. Fails if the batch cannot continue
 * (a report cannot be written, no worker can be started). A signal ends the workers; unfinished
 * tasks get no row, and pool->ended_by is set.
 */
bool pool_run(struct pool *pool, struct cls_error *err) CLS_MUST_CHECK;

#endif
