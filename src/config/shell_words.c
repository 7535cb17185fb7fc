#include "shell_words.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool shell_word(char **s, char **word)
{
    char *from = *s, *to, quote = '\0';

    while (is_space(*from))
        from++;
    if (*from == '\0')
        return false;
    *word = to = from;
    for (; *from && (quote || !is_space(*from)); from++) {
        if (*from == quote) {
            quote = '\0';
        } else if (!quote && (*from == '\'' || *from == '"')) {
            quote = *from;
        } else if (*from == '\\' && from[1] &&
                   (!quote || (quote == '"' && strchr("\"\\", from[1])))) {
            *to++ = *++from;
        } else {
            *to++ = *from;
        }
    }
    *s = *from ? from + 1 : from;
    *to = '\0';
    return true;
}
