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
    enum inspect_form inspect; /* INSPECT_NOT: convert */
    bool syslog;
    bool for_host, for_release; /* --for */
    bool batch_option;          /* an option that is for directories only was given */
    bool is_batch;              /* the input is a directory */
    struct batch_options batch;
    const char *merge_out; /* --merge-reports; NULL: not given */
    char *const *merge_in;
    size_t merge_count;
    /* Storage for options from the environment, to be freed; strings above may point into it. */
    char *words, **arguments;
};

enum parsed {
    PARSED_RUN,   /* options are filled */
    PARSED_DONE,  /* help or version was printed: status 0 */
    PARSED_WRONG, /* a message was printed: status CLS_USAGE */
};

/* Parses the command line and the environment. Prints help, version and usage errors itself. */
enum parsed parse_options(int argc, char **argv, struct tool_options *options);

#endif
