/*
 * What is to be done with each file, as far as that shows without looking into it.
 */
#ifndef BATCH_PLAN_H
#define BATCH_PLAN_H

#include "path_list.h"
#include "pool.h"

/*
 * Fills the pool's tasks with the files of list that are to be worked on, and reports the others.
 * Takes the paths out of list. The pool's place must be set up; free the tasks with plan_free().
 */
bool plan_make(struct pool *pool, struct path_list *list, struct cls_error *err) CLS_MUST_CHECK;
void plan_free(struct pool *pool);

#endif
