/*
 * A document of objects, lists and scalars, written as XML or as JSON. In XML an object or list is
 * an element and a scalar an attribute of it, so an object's scalars come before its parts; in JSON
 * a list is an array, and the names of its objects don't appear.
 */
#ifndef TOOL_DOCUMENT_H
#define TOOL_DOCUMENT_H

#include <stddef.h>

#include "base/error.h"

struct document_writer {
    void (*begin)(void *ctx, const char *name, bool list);
    void (*end)(void *ctx);
    void (*text)(void *ctx, const char *name, const char *value);
    void (*number)(void *ctx, const char *name, uint64_t value);
    void (*flag)(void *ctx, const char *name, bool value);
    void *ctx;
};

void document_begin(const struct document_writer *w, const char *name);
void document_begin_list(const struct document_writer *w, const char *name);
void document_end(const struct document_writer *w);

/*
 * value may hold anything and is cut after some KiB: what is not printable becomes \xNN
 * (base/utf8.h).
 */
void document_text(const struct document_writer *w, const char *name, const char *value);
void document_number(const struct document_writer *w, const char *name, uint64_t value);
void document_flag(const struct document_writer *w, const char *name, bool value);

/* "0x1f": for values that programs would round as numbers. */
void document_hex(const struct document_writer *w, const char *name, uint64_t value);

/*
 * Gives what write() puts into a document, on standard output. The library must have been loaded
 * (lazy/). CLS_SYSTEM: no memory, or standard output takes no more.
 */
typedef void document_source(const struct document_writer *w, const void *subject);
bool document_print_xml(document_source *write, const void *subject,
                        struct cls_error *err) CLS_MUST_CHECK;
bool document_print_json(document_source *write, const void *subject,
                         struct cls_error *err) CLS_MUST_CHECK;

#endif
