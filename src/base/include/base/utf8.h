/*
 * Text that may hold anything, for people and documents: what is no UTF-8, and what steers a
 * display or stands for nothing, becomes \xNN, byte by byte. One rule for messages, text, JSON, XML
 * and HTML.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at s, which ends in NUL, and the character; 0 where there is none. */
size_t utf8_decode(const char *s, uint32_t *character);

/* No control character, direction mark, surrogate or the like? */
bool utf8_is_printable(uint32_t character);

/* Is all of it printable as it stands? */
bool utf8_is_plain(const char *text);

/*
 * text as described above; what doesn't fit into buf (size > 0) is cut off. ascii: so that a
 * display without UTF-8 takes it.
 */
void utf8_escape(const char *text, bool ascii, char *buf, size_t size);

/* The same without a limit; to be freed. NULL: no memory. */
char *utf8_plain(const char *text);

#endif
