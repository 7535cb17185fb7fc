#include "document.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"

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

void document_text(const struct document_writer *w, const char *name, const char *value)
{
    char text[TEXT_MAX];

    utf8_escape(value, false, text, sizeof(text));
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
