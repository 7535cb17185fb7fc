#include "hex.h"

#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

char *hex_encode(const void *bytes, size_t n)
{
    const unsigned char *b = bytes;
    char *text = malloc(2 * n + 1);

    if (!text)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = digits[b[i] >> 4];
        text[2 * i + 1] = digits[b[i] & 0xf];
    }
    text[2 * n] = '\0';
    return text;
}

bool hex_decode(const char *text, void *bytes, size_t n)
{
    unsigned char *b = bytes;

    if (strlen(text) != 2 * n || strspn(text, digits) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++)
        b[i] = (unsigned char)((strchr(digits, text[2 * i]) - digits) << 4 |
                               (strchr(digits, text[2 * i + 1]) - digits));
    return true;
}
