/*
 * The command line of convert-legacy-stream.
 */
#ifndef TOOL_CONVERT_OPTIONS_H
#define TOOL_CONVERT_OPTIONS_H

#include "convert/convert.h"
#include "messages.h"
#include "progress.h"

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
};

enum parsed {
    PARSED_RUN,   /* options are filled */
    PARSED_DONE,  /* help or version was printed: status 0 */
    PARSED_WRONG, /* a message was printed: status CLS_USAGE */
};

enum parsed parse_options(int argc, char **argv, struct tool_options *options);

#endif
