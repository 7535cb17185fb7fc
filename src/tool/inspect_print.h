/*
 * An inspection for people and for programs, on standard output. All forms say the same.
 */
#ifndef TOOL_INSPECT_PRINT_H
#define TOOL_INSPECT_PRINT_H

#include "convert/inspect.h"
#include "document.h"

/* As document_source; subject is a struct inspection. docs/inspect.rng describes it. */
void inspect_document(const struct document_writer *w, const void *subject);

/* Lines of text, names masked for a terminal. */
bool inspect_print_text(const struct inspection *r, struct cls_error *err) CLS_MUST_CHECK;

/* Words for what all forms say. */
const char *inspect_guest_name(enum guest_type guest); /* "pv", "hvm", "unknown" */
const char *inspect_stream_name(enum inspect_stream stream);
const char *inspect_format_name(enum convert_format format);
const char *inspect_config_name(enum envelope_config_format format);
uint64_t inspect_entries(const struct inspect_pages *pages);

#endif
