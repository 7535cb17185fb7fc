#include "option_words.h"

#include <errno.h>
#include <stdlib.h>
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

bool parse_size(const char *program, const char *option, const char *value, uint64_t *size)
{
    static const char units[] = "KMGT";
    const char *unit;
    char *end;
    unsigned shift = 0;

    errno = 0;
    *size = strtoull(value, &end, 10);
    unit = *end ? strchr(units, *end) : NULL;
    if (unit) {
        shift = 10 * (unsigned)(unit - units + 1);
        end++;
    }
    if (errno != 0 || *end || *value < '0' || *value > '9' || *size < 1 ||
        *size > (uint64_t)INT64_MAX >> shift)
        return wrong_option(program, option, value, "a size: 100M, 8G");
    *size <<= shift;
    return true;
}
