/*
 * Prints an inspection as text, XML or JSON on standard output. All forms have the same content.
 */
#ifndef TOOL_INSPECT_PRINT_H
#define TOOL_INSPECT_PRINT_H

#include "convert/inspect.h"
#include "document.h"

/* A document_source; subject is a struct inspection. docs/inspect.rng is the schema. */
void inspect_document(const struct document_writer *w, const void *subject);

/* Prints text; unprintable bytes in names are escaped by messages_escape(). */
bool inspect_print_text(const struct inspection *r, bool verbose,
                        struct cls_error *err) CLS_MUST_CHECK;

/*
 * The verdict (inspect_restore.c), printed by calls of print() for each line. verbose: also limits
 * that are harmless or could not be checked.
 */
typedef void inspect_print_line(const char *fmt, ...) CLS_PRINTF(1, 2);
void inspect_print_restore(const struct inspection *r, bool verbose, inspect_print_line *print);
void inspect_put_restore(const struct document_writer *w, const struct inspection *r);

/* Names that all forms use. Static. */
const char *inspect_guest_name(enum guest_type guest); /* "pv", "hvm", "unknown" */
const char *inspect_stream_name(enum inspect_stream stream);
const char *inspect_format_name(enum convert_format format);
const char *inspect_config_name(enum envelope_config_format format);
const char *inspect_severity_name(enum limits_severity severity);
uint64_t inspect_entries(const struct inspect_pages *pages);

#endif
