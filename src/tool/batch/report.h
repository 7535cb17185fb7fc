/*
 * Reports of a batch, several at once: a line per file as it ends (.jsonl), or a whole document at
 * the end (.xml, .html), which appears under its name whole or not at all.
 */
#ifndef BATCH_REPORT_H
#define BATCH_REPORT_H

#include <inttypes.h>
#include <stdio.h>

#include "convert/out_file.h"
#include "row.h"

#define REPORTS_MAX      8
#define REPORTS_MAX_TEXT "8"

/* Microseconds as seconds. */
#define SECONDS_FORMAT  "%" PRIu64 ".%06" PRIu64
#define SECONDS_ARGS(n) (n) / 1000000, (n) % 1000000

enum report_format {
    REPORT_JSONL,
    REPORT_XML,
    REPORT_HTML,
};

/* What a whole document is made of. */
struct report {
    const struct row *rows; /* sorted by path */
    size_t count;
    struct row_totals totals;
    uint64_t elapsed_usec; /* microseconds from start to end; 0: of several runs */
    uint64_t not_reached;  /* files that an interrupted run did not come to */
    char ended[32];        /* "2026-11-25T18:44:23Z" */
};

/* Writers of the formats. They end without an error; the caller looks at ferror(). */
bool report_jsonl_row(FILE *out, const struct row *row, struct cls_error *err) CLS_MUST_CHECK;
bool report_jsonl_totals(FILE *out, const struct report *report,
                         struct cls_error *err) CLS_MUST_CHECK;
bool report_xml(FILE *out, const struct report *report, struct cls_error *err) CLS_MUST_CHECK;
bool report_html(FILE *out, const struct report *report, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Reads a line of a .jsonl report. False: it is no row; then *torn says whether it is no line of a
 * report at all. row is the caller's to free on success.
 */
bool report_jsonl_read(const char *line, struct row *row, bool *torn);

struct reports {
    struct report_file {
        const char *name;
        enum report_format format;
        bool grows; /* line by line under its name; else it gets that at the end */
        struct convert_cleanup cleanup;
        struct out_file file; /* of a document */
        FILE *out;
    } files[REPORTS_MAX];
    size_t count;
    bool keep; /* rows are kept for the end: some report is a document */
    struct row *rows;
    size_t kept, capacity;
    struct row_totals totals;
};

/* The format that a name asks for by its end, or -1. */
int report_format_of(const char *name);

/* append: .jsonl lines go behind those that are there, at once. Close with reports_close(), after
 * failures, too. */
bool reports_open(struct reports *reports, const char *const *names, size_t count, bool append,
                  struct cls_error *err) CLS_MUST_CHECK;

/* Takes over what row points to. */
bool reports_add(struct reports *reports, struct row *row, struct cls_error *err) CLS_MUST_CHECK;

/* Writes the documents and gives them their names: all that can be. The first failure is in err. */
bool reports_finish(struct reports *reports, uint64_t elapsed_usec, uint64_t not_reached,
                    struct cls_error *err) CLS_MUST_CHECK;
void reports_close(struct reports *reports);

#endif
