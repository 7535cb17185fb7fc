/*
 * Conversion of a directory: every save under it is converted into another directory.
 */
#ifndef BATCH_BATCH_H
#define BATCH_BATCH_H

#include "convert/convert.h"
#include "messages.h"
#include "progress.h"
#include "report.h"
#include "shard.h"

struct batch_options {
    unsigned jobs;       /* number of conversions at once; 0: decided by batch_run() */
    unsigned large_jobs; /* how many of them may be of large saves; set by batch_run() */
    unsigned timeout;    /* seconds for one file; 0: no limit */
    bool copy_others;    /* copy files that are not legacy saves */
    bool force;          /* convert also if the output is up to date */
    bool digests;        /* compute SHA-256 of inputs and outputs for the reports */
    struct shard shard;
    const char *files_from; /* a list of files; NULL: all files in the input directory */
    const char *reports[REPORTS_MAX];
    size_t report_count;
};

/*
 * Converts the files in the directory convert->in to the directory convert->out. Returns the exit
 * status: that of the worst file, or 128 + N after signal N.
 */
int batch_run(const struct convert_options *convert, const struct batch_options *options,
              enum progress_mode progress, struct messages *messages);

/* Merges the .jsonl reports in[] into the report out. Returns the exit status. */
int batch_merge(const char *out, char *const *in, size_t count, struct messages *messages);

#endif
