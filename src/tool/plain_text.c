#include "plain_text.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool is_control_character(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
           (c >= 0xd800 && c < 0xe000) || (c & 0xfffe) == 0xfffe || c > 0x10ffff;
}

/* The length of the character at s if it is plain, else 0. Stops at a NUL. */
static size_t plain_char(const unsigned char *s)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = *s < 0x80 ? 1 : *s >> 5 == 0x6 ? 2 : *s >> 4 == 0xe ? 3 : *s >> 3 == 0x1e ? 4 : 0;
    uint32_t c = len <= 1 ? *s : *s & (0x7fu >> len);

    for (size_t i = 1; i < len; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    return len == 0 || c < least[len] || is_control_character(c) ? 0 : len;
}

bool is_plain_text(const char *bytes)
{
    const unsigned char *s = (const unsigned char *)bytes;
    size_t len = 1;

    for (; *s && len > 0; s += len)
        len = plain_char(s);
    return len > 0;
}

char *plain_text(const char *bytes)
{
    const unsigned char *s = (const unsigned char *)bytes;
    char *text = malloc(4 * strlen(bytes) + 1), *end = text;

    if (!text)
        return NULL;
    while (*s) {
        size_t len = plain_char(s);

        if (len > 0) {
            memcpy(end, s, len);
            end += len;
        } else {
            end += sprintf(end, "\\x%02x", *s);
            len = 1;
        }
        s += len;
    }
    *end = '\0';
    return text;
}
