/*
 * The result for one file of a batch: a row of the reports.
 */
#ifndef BATCH_ROW_H
#define BATCH_ROW_H

#include "base/image.h"
#include "limits/limits.h"

enum row_result {
    ROW_CONVERTED,
    ROW_UP_TO_DATE, /* the output exists and is not older than the input */
    ROW_ALREADY_V2, /* a save that needs no conversion */
    ROW_OTHER,      /* not a save, or a symbolic link or device */
    ROW_UNREADABLE, /* may contain a save, or is a damaged one, but cannot be read */
    ROW_FAILED,
    ROW_RESULTS, /* number of results */
};

#define DIGEST_SIZE 32 /* SHA-256 */

struct row {
    char *path; /* relative to the input directory; any bytes */
    enum row_result result;
    enum cls_status status;      /* of a failure: the exit status of a single conversion */
    bool copied;                 /* ROW_OTHER or ROW_ALREADY_V2: the file was copied unchanged */
    char envelope[16];           /* "xl", "none"; empty: not known */
    enum guest_type guest;       /* GUEST_UNKNOWN: not known */
    unsigned width;              /* of the saving toolstack, in bytes; 0: not known */
    uint64_t p2m_size;           /* in pages; 0: not known */
    uint64_t pages[16];          /* by type, base/page_type.h */
    uint64_t bytes_in;           /* size of the input */
    uint64_t bytes_out;          /* of the output; 0: none was written */
    uint64_t usec;               /* time in microseconds */
    bool judged;                 /* the next two are known */
    enum limits_verdict verdict; /* can the save be restored? (limits/limits.h) */
    char limits[LIMITS_IDS_MAX]; /* identifiers of the limits that apply, "R1 R13" */
    unsigned repaired;           /* repairs made, bits of enum limits_repair */
    bool has_digests;            /* the next two (SHA-256) are known */
    uint8_t digest_in[DIGEST_SIZE], digest_out[DIGEST_SIZE];
    struct cls_error *why; /* reason of the result; NULL: none */
};

/* Name in the reports: "converted", "up-to-date", "already-v2", "other", "unreadable", "failed". */
const char *row_result_name(enum row_result result);

/* Text for messages and HTML: like the name, with spaces ("up to date"). */
const char *row_result_label(enum row_result result);

/* Writes the names of the repairs made, as "tsc-mode xsave", truncated to size. */
void row_repairs(const struct row *row, char *buf, size_t size);

/* Copies err to row->why, which stays NULL if there is no memory. */
void row_explain(struct row *row, const struct cls_error *err);

/* Frees path and why. */
void row_free(struct row *row);

/* Totals of many rows. */
struct row_totals {
    uint64_t rows, results[ROW_RESULTS], copied;
    uint64_t statuses[CLS_SYSTEM + 1]; /* failures by status */
    uint64_t pages[16];
    uint64_t verdicts[LIMITS_VERDICTS];
    uint64_t bytes_in, bytes_out; /* of converted saves */
    uint64_t usec;                /* sum of the times of all rows */
};

/* Adds a row to the totals. */
void row_totals_add(struct row_totals *totals, const struct row *row);

/* The exit status of a batch: CLS_SYSTEM takes precedence over CLS_BAD_INPUT. */
enum cls_status row_totals_status(const struct row_totals *totals);

#endif
