/*
 * What became of one file of a batch: a row of its reports.
 */
#ifndef BATCH_ROW_H
#define BATCH_ROW_H

#include "base/image.h"
#include "limits/limits.h"

enum row_result {
    ROW_CONVERTED,
    ROW_UP_TO_DATE, /* an output that is not older than the input was there */
    ROW_ALREADY_V2, /* a save that needs no conversion */
    ROW_OTHER,      /* no save; a link, a device */
    ROW_UNREADABLE, /* may hold a save, or was one, but cannot be read as it is */
    ROW_FAILED,
    ROW_RESULTS,
};

#define DIGEST_SIZE 32 /* SHA-256 */

struct row {
    char *path; /* relative to the input directory, as the file system has it */
    enum row_result result;
    enum cls_status status; /* as the exit status of a single conversion */
    bool copied;            /* an other file, or one in v2 format, was copied as it is */
    char envelope[16];      /* "xl", "none"; empty: not known */
    enum guest_type guest;  /* GUEST_UNKNOWN: not known */
    unsigned width;         /* of the saving toolstack, in bytes; 0: not known */
    uint64_t p2m_size;      /* in pages; 0: not known */
    uint64_t pages[16];     /* by type, base/page_type.h */
    uint64_t bytes_in;      /* size of the input */
    uint64_t bytes_out;     /* of the output; 0: none was written */
    uint64_t usec;          /* microseconds that it took */
    bool judged;            /* the verdict is known: can it be restored (limits/limits.h)? */
    enum limits_verdict verdict;
    char limits[LIMITS_IDS_MAX]; /* those that apply, "R1 R13" */
    unsigned repaired;           /* enum limits_repair */
    bool has_digests;            /* SHA-256 of input and output: */
    uint8_t digest_in[DIGEST_SIZE], digest_out[DIGEST_SIZE];
    struct cls_error *why; /* of a failure, or what an other file is; NULL: nothing to say */
};

/* "converted", "up-to-date", "already-v2", "other", "unreadable", "failed": as in reports. */
const char *row_result_name(enum row_result result);

/* The same for people: "up to date". */
const char *row_result_label(enum row_result result);

/* The names of the repairs that were made, "tsc-mode xsave"; cut to fit. */
void row_repairs(const struct row *row, char *buf, size_t size);

/* Makes a copy of err the row's reason; without memory it has none. */
void row_explain(struct row *row, const struct cls_error *err);

/* Frees what the row points to: its path, too. */
void row_free(struct row *row);

/* Of many rows. */
struct row_totals {
    uint64_t rows, results[ROW_RESULTS], copied;
    uint64_t statuses[CLS_SYSTEM + 1]; /* failures by status */
    uint64_t pages[16];
    uint64_t verdicts[LIMITS_VERDICTS];
    uint64_t bytes_in, bytes_out; /* of what was converted */
    uint64_t usec;                /* of all */
};

void row_totals_add(struct row_totals *totals, const struct row *row);

/* The exit status of a batch: CLS_SYSTEM before CLS_BAD_INPUT before CLS_OK. */
enum cls_status row_totals_status(const struct row_totals *totals);

#endif
