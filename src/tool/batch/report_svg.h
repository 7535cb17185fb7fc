/*
 * The diagrams of the HTML report.
 */
#ifndef BATCH_REPORT_SVG_H
#define BATCH_REPORT_SVG_H

#include "report.h"

/* Groups of page types. Each has a colour: CSS class "t0" to "t5". */
#define PAGE_GROUPS 6

/* The name of a group (static), and the sums of page entries by group. */
const char *page_group_name(unsigned group);
void page_groups_of(const uint64_t pages[16], uint64_t groups[PAGE_GROUPS]);

/* A bar with the share of each group of pages; nothing if there are no pages. */
void svg_memory_bar(FILE *out, const uint64_t pages[16], const char *class);

/* The number of converted saves by size. */
void svg_sizes(FILE *out, const struct report *report);

/* The throughput of each conversion by size of the save. */
void svg_rates(FILE *out, const struct report *report);

#endif
