/*
 * Moves bulk from the input to the output, in the kernel where the two ends allow it.
 */
#ifndef BASE_MOVE_H
#define BASE_MOVE_H

#include "base/input.h"
#include "base/output.h"

/*
 * Consumes exactly n bytes of the input and puts them behind what the output holds. what names them
 * in an error. One end a pipe: splice; else a read/write loop (also where splice is refused).
 */
bool cls_move(struct cls_input *in, struct cls_output *out, uint64_t n, const char *what,
              struct cls_error *err) CLS_MUST_CHECK;

#endif
