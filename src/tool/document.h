/*
 * A document of objects, lists and scalars, written as XML or JSON. In XML, objects and lists are
 * elements and scalars are attributes, so the scalars of an object must be written before its
 * parts. In JSON, a list is an array, and the names of its objects are not written.
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

/* Begin an object or a list, which document_end() ends. */
void document_begin(const struct document_writer *w, const char *name);
void document_begin_list(const struct document_writer *w, const char *name);
void document_end(const struct document_writer *w);

/* value may contain any bytes; see utf8_escape() (base/utf8.h). It is truncated to 2047 bytes. */
void document_text(const struct document_writer *w, const char *name, const char *value);

/* Write a number or a flag. */
void document_number(const struct document_writer *w, const char *name, uint64_t value);
void document_flag(const struct document_writer *w, const char *name, bool value);

/* Writes the text "0x1f", for values that JSON parsers would round as numbers. */
void document_hex(const struct document_writer *w, const char *name, uint64_t value);

/*
 * Prints the document that write() creates from subject on standard output. The library must have
 * been loaded (lazy/). Fails with CLS_SYSTEM: no memory, or a write error.
 */
typedef void document_source(const struct document_writer *w, const void *subject);
bool document_print_xml(document_source *write, const void *subject,
                        struct cls_error *err) CLS_MUST_CHECK;
bool document_print_json(document_source *write, const void *subject,
                         struct cls_error *err) CLS_MUST_CHECK;

#endif
