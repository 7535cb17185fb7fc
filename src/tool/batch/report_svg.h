/*
 * The pictures of the HTML report.
 */
#ifndef BATCH_REPORT_SVG_H
#define BATCH_REPORT_SVG_H

#include "report.h"

/* Page types in groups that people tell apart; each has a colour, class "t0" and so on. */
#define PAGE_GROUPS 6

const char *page_group_name(unsigned group);
void page_groups_of(const uint64_t pages[16], uint64_t groups[PAGE_GROUPS]);

/* A bar of what memory consists of; nothing where there are no pages. */
void svg_memory_bar(FILE *out, const uint64_t pages[16], const char *class);

/* How many saves there are of each size. */
void svg_sizes(FILE *out, const struct report *report);

/* How fast each was converted, by its size. */
void svg_rates(FILE *out, const struct report *report);

#endif
