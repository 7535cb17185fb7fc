/*
 * Inputs in memory, for targets that only need a reader.
 */
#ifndef FUZZ_MEMORY_INPUT_H
#define FUZZ_MEMORY_INPUT_H

#include "base/input.h"

/* Opens a file in memory with these bytes as the input. Returns its fd, which the caller closes. */
int memory_input(struct cls_input *in, const uint8_t *bytes, size_t n);

/* Aborts if the error is not one of the input. */
void must_blame_input(const struct cls_error *err);

#endif
