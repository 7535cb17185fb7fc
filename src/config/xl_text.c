#include "xl_text.h"

#include <stdio.h>
#include <string.h>

void xl_put(struct config_text *t, const char *s)
{
    config_text_add(t, s, strlen(s));
}

/* Length of the control character at s in UTF-8: 0 (none), 1 or 2 bytes. */
static size_t control_length(const char *s, size_t left)
{
    unsigned char byte = (unsigned char)*s, next = left > 1 ? (unsigned char)s[1] : 0;

    if (byte == 0xc2 && next >= 0x80 && next < 0xa0)
        return 2;
    return byte < ' ' || byte == 0x7f;
}

static void put_printable(struct config_text *t, const char *s, size_t n, bool quoted)
{
    while (n > 0) {
        size_t control = control_length(s, n), step = control > 0 ? control : 1;

        if (quoted && (*s == '"' || *s == '\\'))
            xl_put(t, "\\");
        config_text_add(t, control > 0 ? "?" : s, 1);
        s += step;
        n -= step;
    }
}

void xl_put_comment(struct config_text *t, const char *s, size_t n)
{
    put_printable(t, s, n, false);
}

void xl_put_part(struct config_text *t, const char *s)
{
    put_printable(t, s, strlen(s), true);
}

void xl_put_string(struct config_text *t, const char *key, const char *value)
{
    xl_put(t, key);
    xl_put(t, " = \"");
    xl_put_part(t, value);
    xl_put(t, "\"\n");
}

/* xl's syntax has no sign for numbers, so a negative number is written as a string. */
void xl_put_number(struct config_text *t, const char *key, long long value)
{
    char line[96];

    snprintf(line, sizeof(line), value < 0 ? "%s = \"%lld\"\n" : "%s = %lld\n", key, value);
    xl_put(t, line);
}

void xl_list_begin(struct config_text *t, const char *key)
{
    xl_put(t, key);
    xl_put(t, " = [\n");
}

void xl_item_begin(struct config_text *t)
{
    xl_put(t, "    \"");
}

void xl_item_end(struct config_text *t)
{
    xl_put(t, "\",\n");
}

void xl_item(struct config_text *t, const char *value)
{
    xl_item_begin(t);
    xl_put_part(t, value);
    xl_item_end(t);
}

void xl_list_end(struct config_text *t)
{
    xl_put(t, "]\n");
}
