#include "option_words.h"

#include <stdio.h>
#include <string.h>

int find_option_word(const char *value, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0)
            return i;
    return -1;
}

bool wrong_option(const char *program, const char *option, const char *value, const char *expected)
{
    fprintf(stderr, "%s: %s: '%s' is not %s\n", program, option, value, expected);
    return false;
}
