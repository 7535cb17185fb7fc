/*
 * Makes untrusted text printable: bytes that are no UTF-8, and control characters, direction marks
 * and noncharacters, become \xNN, byte by byte. One rule for messages, text, JSON, XML and HTML.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at s, which ends in NUL, and the character; 0 where there is none. */
size_t utf8_decode(const char *s, uint32_t *character);

/* No control character, direction mark, surrogate or noncharacter? */
bool utf8_is_printable(uint32_t character);

/* Is all of it printable as it stands? */
bool utf8_is_plain(const char *text);

/*
 * text as described above; cut to fit into buf (size > 0). ascii: other characters are escaped,
 * too, for displays without UTF-8.
 */
void utf8_escape(const char *text, bool ascii, char *buf, size_t size);

/* The same without a limit; to be freed. NULL: no memory. */
char *utf8_plain(const char *text);

#endif
