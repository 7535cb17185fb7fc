#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_decode(const char *text, uint32_t *character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;
    size_t len = *s < 0x80 ? 1 : *s >> 5 == 0x6 ? 2 : *s >> 4 == 0xe ? 3 : *s >> 3 == 0x1e ? 4 : 0;
    uint32_t c = len <= 1 ? *s : *s & (0x7fu >> len);

    for (size_t i = 1; i < len; i++) {
        if (s[i] >> 6 != 2)
            return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    *character = c;
    return *s == '\0' || c < least[len] ? 0 : len;
}

bool utf8_is_printable(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } others[] = {
        {0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},     {0x200e, 0x200f},
        {0x2028, 0x202e}, {0x2066, 0x206f}, {0xd800, 0xdfff},   {0xfdd0, 0xfdef},
        {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}, {0x110000, UINT32_MAX},
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (c >= others[i].first && c <= others[i].last)
            return false;
    return (c & 0xfffe) != 0xfffe;
}

static size_t printable_length(const char *s)
{
    uint32_t c;
    size_t n = utf8_decode(s, &c);

    return n > 0 && utf8_is_printable(c) ? n : 0;
}

bool utf8_is_plain(const char *s)
{
    size_t n = 1;

    for (; *s && n > 0; s += n)
        n = printable_length(s);
    return n > 0;
}

void utf8_escape(const char *s, bool ascii, char *buf, size_t size)
{
    char escape[8];

    while (*s) {
        size_t n = printable_length(s), shown = n;
        const char *as = s;

        if (n == 0 || (ascii && n > 1)) {
            snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)*s);
            n = 1;
            shown = 4;
            as = escape;
        }
        if (shown >= size)
            break;
        memcpy(buf, as, shown);
        buf += shown;
        size -= shown;
        s += n;
    }
    *buf = '\0';
}

char *utf8_plain(const char *text)
{
    size_t size = 4 * strlen(text) + 1;
    char *plain = malloc(size);

    if (plain)
        utf8_escape(text, false, plain, size);
    return plain;
}
