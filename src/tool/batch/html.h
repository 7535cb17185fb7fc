/*
 * Writes escaped text and sizes to an HTML document.
 */
#ifndef BATCH_HTML_H
#define BATCH_HTML_H

#include <stdio.h>

#include "base/error.h"

/* Writes any bytes as text, escaped for content and for quoted attributes. */
void html_text(FILE *out, const char *bytes);

/* Like printf(), with the result escaped; truncated to 511 bytes. */
void html_printf(FILE *out, const char *fmt, ...) CLS_PRINTF(2, 3);

/* "1.5 GiB" */
void html_size(FILE *out, double bytes);

#endif
