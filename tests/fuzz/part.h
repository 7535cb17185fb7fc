/*
 * Targets of several parsers, which can be run one at a time.
 */
#ifndef FUZZ_PART_H
#define FUZZ_PART_H

#include <stdint.h>

/*
 * The parser to run: the one that the environment's FUZZ_PART names, or without it the one that the
 * input's first byte chooses. Returns its index in names.
 */
unsigned choose_part(const char *const *names, unsigned count, uint8_t first);

#endif
