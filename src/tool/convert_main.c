/*
 * convert-legacy-stream: the program.
 */
#include <locale.h>
#include <stdio.h>

#include "convert_options.h"
#include "inspect.h"
#include "signals.h"
#include "std_fds.h"

static int run(const struct tool_options *options, struct messages *messages)
{
    static struct convert_cleanup cleanup; /* a signal handler refers to it to the very end */
    struct progress progress = {.program = PROGRAM};
    struct cls_watch watch = {.tick = progress_tick, .ctx = &progress};
    struct cls_log log = {.line = messages_log, .ctx = messages};
    struct cls_error err = {0};
    char name[256];
    bool ok;

    convert_display_name(options->convert.in, true, name, sizeof(name));
    messages->subject = progress.name = name;
    convert_input_extent(options->convert.in, &progress.start, &progress.size);
    watch.offset = progress.start;
    progress.watch = &watch;
    progress_start(&progress, options->progress, options->verbosity == QUIET);
    messages->before_line = progress_clear;
    messages->before_line_ctx = &progress;

    signals_install(&cleanup);
    ok = options->inspect
             ? inspect_and_print(&options->convert, options->inspect, &log, &watch, &err)
             : convert_stream(&options->convert, &log, &watch, &cleanup, NULL, &err);
    if (ok)
        progress_end(&progress, watch.offset);
    else
        messages_error(messages, &err);
    return ok ? CLS_OK : (int)err.status;
}

int main(int argc, char **argv)
{
    struct messages messages = {.program = PROGRAM};
    struct tool_options options;
    struct cls_error err;

    setlocale(LC_CTYPE, "");
    if (!std_fds_fill(&err))
        return CLS_SYSTEM;
    switch (parse_options(argc, argv, &options)) {
    case PARSED_DONE:
        return fflush(stdout) == 0 ? CLS_OK : CLS_SYSTEM;
    case PARSED_WRONG:
        return CLS_USAGE;
    case PARSED_RUN:
        break;
    }
    messages.verbosity = options.verbosity;
    messages.syslog = options.syslog;
    messages_open(&messages);
    return run(&options, &messages);
}
