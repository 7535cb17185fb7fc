/*
 * Reports of a batch, several at once. A .jsonl report gets a line when a file is finished. A .xml
 * or .html report is a document that is written at the end and renamed into place.
 */
#ifndef BATCH_REPORT_H
#define BATCH_REPORT_H

#include <inttypes.h>
#include <stdio.h>

#include "convert/out_file.h"
#include "row.h"

#define REPORTS_MAX      8
#define REPORTS_MAX_TEXT "8"

/* printf() format and arguments to print n microseconds as seconds. */
#define SECONDS_FORMAT  "%" PRIu64 ".%06" PRIu64
#define SECONDS_ARGS(n) (n) / 1000000, (n) % 1000000

enum report_format {
    REPORT_JSONL,
    REPORT_XML,
    REPORT_HTML,
};

/* The content of a document. */
struct report {
    const struct row *rows; /* sorted by path */
    size_t count;
    struct row_totals totals;
    uint64_t elapsed_usec; /* microseconds from start to end; 0: merged from several runs */
    uint64_t not_reached;  /* number of files that an interrupted run did not convert */
    char ended[32];        /* "2026-11-25T18:44:23Z" */
};

/* Write one format. The caller must also check ferror(out). */
bool report_jsonl_row(FILE *out, const struct row *row, struct cls_error *err) CLS_MUST_CHECK;
bool report_jsonl_totals(FILE *out, const struct report *report,
                         struct cls_error *err) CLS_MUST_CHECK;
bool report_xml(FILE *out, const struct report *report, struct cls_error *err) CLS_MUST_CHECK;
bool report_html(FILE *out, const struct report *report, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Parses a line of a .jsonl report. Returns false if it is not the row of a file; *invalid is true
 * then if it is not a totals line either. On success the caller frees row by row_free().
 */
bool report_jsonl_read(const char *line, struct row *row, bool *invalid);

struct reports {
    struct report_file {
        const char *name;
        enum report_format format;
        bool appended; /* appended to line by line; else renamed into place at the end */
        struct convert_cleanup cleanup;
        struct out_file file; /* unless appended */
        FILE *out;
    } files[REPORTS_MAX];
    size_t count;
    bool store_rows; /* store all rows, since some report is a document */
    struct row *rows;
    size_t row_count, capacity; /* of rows */
    struct row_totals totals;
};

/* Returns the format (enum report_format) by the suffix of the name, or -1. */
int report_format_of(const char *name);

/*
 * Opens the reports. append: lines are appended to existing .jsonl files. reports must be all zero
 * before, and is to be closed by reports_close(), also on failure.
 */
bool reports_open(struct reports *reports, const char *const *names, size_t count, bool append,
                  struct cls_error *err) CLS_MUST_CHECK;

/* Adds a row to all reports. Takes ownership of everything that row points to. */
bool reports_add(struct reports *reports, struct row *row, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Writes the totals and documents, and renames documents into place. After a failure the others are
 * still written; err is the first failure.
 */
bool reports_finish(struct reports *reports, uint64_t elapsed_usec, uint64_t not_reached,
                    struct cls_error *err) CLS_MUST_CHECK;

/* Closes all reports and frees the rows. Removes documents that were not finished. */
void reports_close(struct reports *reports);

#endif
