/*
 * Options whose value is one of a few words.
 */
#ifndef TOOL_OPTION_WORDS_H
#define TOOL_OPTION_WORDS_H

#include <stdint.h>

#include "base/error.h"

/* The position of value in the NULL-terminated list of words, or -1. */
int find_option_word(const char *value, const char *const *words);

/* Says that value is not what was expected. Always returns false. */
bool wrong_option(const char *program, const char *option, const char *value, const char *expected);

/* A number of bytes from 1 on, with K, M, G or T behind it if wanted (powers of 1024). */
bool parse_size(const char *program, const char *option, const char *value, uint64_t *size);

#endif
