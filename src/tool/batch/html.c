#include "html.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "units.h"

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_text(FILE *out, const char *bytes)
{
    char *plain = utf8_plain(bytes);

    for (const char *p = plain ? plain : ""; *p; p++) {
        if (entity(*p))
            fputs(entity(*p), out);
        else
            fputc(*p, out);
    }
    free(plain);
}

void html_printf(FILE *out, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    html_text(out, text);
}

void html_size(FILE *out, double bytes)
{
    char text[32];

    units_size(text, sizeof(text), bytes);
    fputs(text, out);
}
