/*
 * Pieces of HTML: text that is escaped, numbers.
 */
#ifndef BATCH_HTML_H
#define BATCH_HTML_H

#include <stdio.h>

#include "base/error.h"

/* Any bytes as text, good in content and in quoted attributes. */
void html_text(FILE *out, const char *bytes);

/* As printf(), the result escaped; cut off where it is long. */
void html_printf(FILE *out, const char *fmt, ...) CLS_PRINTF(2, 3);

/* "1.5 GiB" */
void html_size(FILE *out, double bytes);

#endif
