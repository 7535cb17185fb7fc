/*
 * Makes untrusted text printable: bytes that are not UTF-8, control characters, direction marks and
 * noncharacters are replaced by \xNN, byte by byte. Messages, text, JSON, XML and HTML use the same
 * rule. Texts end in a NUL.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the character at s. Returns its length in bytes; 0 at the NUL or an invalid byte. */
size_t utf8_decode(const char *s, uint32_t *character);

/* False for control characters, direction marks, surrogates and noncharacters. */
bool utf8_is_printable(uint32_t character);

/* Is the whole text printable without escapes? */
bool utf8_is_plain(const char *text);

/*
 * Writes the escaped text to buf, truncated to size bytes (> 0) with the NUL. ascii: also escape
 * other than ASCII characters, for displays without UTF-8.
 */
void utf8_escape(const char *text, bool ascii, char *buf, size_t size);

/* Returns the escaped text, which the caller frees. NULL: no memory. */
char *utf8_plain(const char *text);

#endif
