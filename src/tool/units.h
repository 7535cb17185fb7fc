/*
 * Sizes and times as text. The result is truncated to size bytes with its NUL.
 */
#ifndef TOOL_UNITS_H
#define TOOL_UNITS_H

#include <stddef.h>

/* "1.5 GiB", "12 bytes". */
void units_size(char *buf, size_t size, double bytes);

/* "12 s", "3:05 min", "1:02 h". */
void units_time(char *buf, size_t size, double seconds);

#endif
