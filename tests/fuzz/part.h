/*
 * For targets with several parsers, which can be fuzzed separately.
 */
#ifndef FUZZ_PART_H
#define FUZZ_PART_H

#include <stdint.h>

/*
 * Selects the parser to run: by the environment variable FUZZ_PART, by default by the first byte of
 * the input. Returns its index in names.
 */
unsigned choose_part(const char *const *names, unsigned count, uint8_t first);

#endif
