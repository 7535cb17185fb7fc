/*
 * Counts the reasons of failed and unreadable files: usually many files share few reasons.
 */
#ifndef BATCH_REPORT_REASONS_H
#define BATCH_REPORT_REASONS_H

#include "report.h"

struct reason {
    char *text; /* place and reason, with "N" in place of each number */
    const struct row *example;
    uint64_t files;
};

/*
 * Fills up to max reasons, most frequent first, and returns their number (0 if there is no memory).
 * The caller frees the texts.
 */
size_t report_reasons(const struct report *report, struct reason *reasons, size_t max);

#endif
