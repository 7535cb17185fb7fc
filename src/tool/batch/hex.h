/*
 * Bytes as hexadecimal text.
 */
#ifndef BATCH_HEX_H
#define BATCH_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* Returns 2 * n lower-case digits, to be freed; NULL: no memory. */
char *hex_encode(const void *bytes, size_t n);

/* Decodes text to n bytes. Returns false if text is not exactly 2 * n lower-case digits. */
bool hex_decode(const char *text, void *bytes, size_t n);

#endif
