/*
 * Whole archives: every save under a directory, converted into another.
 */
#ifndef BATCH_BATCH_H
#define BATCH_BATCH_H

#include "convert/convert.h"
#include "messages.h"
#include "progress.h"
#include "report.h"
#include "shard.h"

struct batch_options {
    unsigned jobs;       /* conversions at once; 0: decided by batch_run() */
    unsigned large_jobs; /* of them, those that may be of large saves */
    unsigned timeout; /* seconds for one file; 0: any */
    bool copy_others; /* files that are no saves are copied */
    bool force;       /* outputs that are up to date are made again */
    bool digests;     /* SHA-256 of inputs and outputs for the reports */
    struct shard shard;
    const char *files_from; /* a list of files; NULL: all there are */
    const char *reports[REPORTS_MAX];
    size_t report_count;
};

/*
 * convert->in and ->out are directories. Returns the exit status: of the worst file, or 128 + N if
 * signal N came.
 */
int batch_run(const struct convert_options *convert, const struct batch_options *options,
              enum progress_mode progress, struct messages *messages);

/* Makes report out of the .jsonl reports in. Returns the exit status. */
int batch_merge(const char *out, char *const *in, size_t count, struct messages *messages);

#endif
