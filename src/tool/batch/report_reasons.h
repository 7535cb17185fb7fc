/*
 * The reasons of failed and unreadable files, counted: many files mostly have few reasons.
 */
#ifndef BATCH_REPORT_REASONS_H
#define BATCH_REPORT_REASONS_H

#include "report.h"

struct reason {
    char *text; /* place and reason, "N" for each number in them */
    const struct row *example;
    uint64_t files;
};

/*
 * Fills up to max reasons, those of most files first, and returns how many. The texts are the
 * caller's to free. Without memory there are none.
 */
size_t report_reasons(const struct report *report, struct reason *reasons, size_t max);

#endif
