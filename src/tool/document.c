#include "document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 2048

void document_begin(const struct document_writer *w, const char *name)
{
    w->begin(w->ctx, name, false);
}

void document_begin_list(const struct document_writer *w, const char *name)
{
    w->begin(w->ctx, name, true);
}

void document_end(const struct document_writer *w)
{
    w->end(w->ctx);
}

/* What may follow a first byte of UTF-8 so that nothing is encoded in too many bytes, and nothing
 * that is no character: surrogates, beyond U+10FFFF. */
static const struct utf8_range {
    uint8_t first_low, first_high, second_low, second_high;
    size_t length;
} utf8_ranges[] = {
    {0x20, 0x7e, 0, 0, 1},       {0xc2, 0xc2, 0xa0, 0xbf, 2}, {0xc3, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xee, 0x80, 0xbf, 3}, {0xef, 0xef, 0x80, 0xbe, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* The bytes of the character at s, or 0 where there is none that may be printed. */
static size_t character_length(const uint8_t *s)
{
    for (size_t i = 0; i < sizeof(utf8_ranges) / sizeof(utf8_ranges[0]); i++) {
        const struct utf8_range *r = &utf8_ranges[i];

        if (s[0] < r->first_low || s[0] > r->first_high)
            continue;
        if (r->length > 1 && (s[1] < r->second_low || s[1] > r->second_high))
            return 0;
        for (size_t k = 2; k < r->length; k++)
            if (s[k] < 0x80 || s[k] > 0xbf)
                return 0;
        return r->length;
    }
    return 0;
}

void document_text(const struct document_writer *w, const char *name, const char *value)
{
    char text[TEXT_MAX];
    size_t used = 0;

    for (const uint8_t *s = (const uint8_t *)value; *s && used + 5 < sizeof(text);) {
        size_t n = character_length(s);

        if (n == 0) {
            used += (size_t)snprintf(text + used, sizeof(text) - used, "\\x%02x", *s++);
            continue;
        }
        memcpy(text + used, s, n);
        used += n;
        s += n;
    }
    text[used] = '\0';
    w->text(w->ctx, name, text);
}

void document_number(const struct document_writer *w, const char *name, uint64_t value)
{
    w->number(w->ctx, name, value);
}

void document_flag(const struct document_writer *w, const char *name, bool value)
{
    w->flag(w->ctx, name, value);
}

void document_hex(const struct document_writer *w, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    w->text(w->ctx, name, text);
}
