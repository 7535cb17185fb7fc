/*
 * What is to be done with each file, as far as that shows without looking into it.
 */
#ifndef BATCH_PLAN_H
#define BATCH_PLAN_H

#include "pool.h"

/*
 * Fills the pool's tasks (to be freed) with the files of its list that are to be worked on, and
 * reports the others. The pool's place must be set up.
 */
bool plan_make(struct pool *pool, struct cls_error *err) CLS_MUST_CHECK;

#endif
