#include "option_words.h"

#include <string.h>

#include "messages.h"

int find_option_word(const char *value, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0)
            return i;
    return -1;
}

bool wrong_option(const char *program, const char *option, const char *value, const char *expected)
{
    return messages_usage(program, "%s: '%s' is not %s", option, value, expected);
}
