/*
 * Selects the files to convert, without reading them.
 */
#ifndef BATCH_PLAN_H
#define BATCH_PLAN_H

#include "pool.h"

/*
 * Fills pool->tasks (to be freed) with the files of pool->list that are to be converted, and
 * reports the others. pool->place must be initialised.
 */
bool plan_make(struct pool *pool, struct cls_error *err) CLS_MUST_CHECK;

#endif
