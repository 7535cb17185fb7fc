/*
 * Parsing of option values.
 */
#ifndef TOOL_OPTION_WORDS_H
#define TOOL_OPTION_WORDS_H

#include <stdint.h>

#include "base/error.h"

/* Returns the index of value in the NULL-terminated list of words, or -1. */
int find_option_word(const char *value, const char *const *words);

/* Prints that value is not what was expected. Returns false. */
bool wrong_option(const char *program, const char *option, const char *value, const char *expected);

/*
 * Parses a size in bytes, at least 1, with an optional suffix K, M, G or T (powers of 1024). Prints
 * a message and returns false if it is invalid.
 */
bool parse_size(const char *program, const char *option, const char *value, uint64_t *size);

#endif
