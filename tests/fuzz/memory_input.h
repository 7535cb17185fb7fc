/*
 * Bytes as an input, for targets that need no more than a reader.
 */
#ifndef FUZZ_MEMORY_INPUT_H
#define FUZZ_MEMORY_INPUT_H

#include "base/input.h"

/* Puts the bytes into a file in memory and makes in read them. Returns the fd, to be closed. */
int memory_input(struct cls_input *in, const uint8_t *bytes, size_t n);

/* Ends the process if a failure is blamed on anything but the input. */
void must_blame_input(const struct cls_error *err);

#endif
