/*
 * Bytes as hexadecimal text.
 */
#ifndef BATCH_HEX_H
#define BATCH_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* To be freed; NULL: no memory. */
char *hex_of(const void *bytes, size_t n);

/* Exactly n bytes; false if text is anything else. */
bool hex_read(const char *text, void *bytes, size_t n);

#endif
