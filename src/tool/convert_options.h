/*
 * The command line of convert-legacy-stream.
 */
#ifndef TOOL_CONVERT_OPTIONS_H
#define TOOL_CONVERT_OPTIONS_H

#include "batch/batch.h"

#define PROGRAM "convert-legacy-stream"

enum inspect_form {
    INSPECT_NOT,
    INSPECT_TEXT,
    INSPECT_XML,
    INSPECT_JSON,
};

struct tool_options {
    struct convert_options convert;
    enum verbosity verbosity;
    enum progress_mode progress;
    enum inspect_form inspect; /* instead of a conversion */
    bool syslog;
    bool for_host, for_release; /* --for */
    bool batch_option;          /* one of those in batch was given */
    bool is_batch;              /* the input is a directory */
    struct batch_options batch;
    const char *merge_out; /* --merge-reports; NULL: something is to be converted */
    char *const *merge_in;
    size_t merge_count;
    /* strings above may lie in these, which main() frees; NULL: they lie in its own arguments */
    char *words, **arguments;
};

enum parsed {
    PARSED_RUN,   /* options are filled */
    PARSED_DONE,  /* help or version was printed: status 0 */
    PARSED_WRONG, /* a message was printed: status CLS_USAGE */
};

enum parsed parse_options(int argc, char **argv, struct tool_options *options);

#endif
