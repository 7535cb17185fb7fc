/*
 * convert-legacy-stream: the program.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "convert_options.h"
#include "inspect.h"
#include "signals.h"
#include "std_fds.h"

struct single {
    struct progress progress;
    struct progress_item item;
    struct cls_watch watch;
    uint64_t start; /* offset in the input */
};

static void update_progress(void *ctx, uint64_t offset)
{
    struct single *single = ctx;

    single->item.done = offset - single->start;
    if (single->watch.unsized)
        single->item.total = 0;
    if (signals_take_usr1())
        progress_print(&single->progress, &single->item, 1);
    if (progress_due(&single->progress))
        progress_show(&single->progress, &single->item, 1);
}

static int run(const struct tool_options *options, struct messages *messages)
{
    static struct convert_cleanup cleanup; /* static: the signal handler uses it until exit */
    struct single single = {.progress.program = PROGRAM,
                            .watch = {.tick = update_progress, .ctx = &single}};
    struct cls_log_counts counts = {0};
    struct cls_log log = {.line = messages_log,
                          .ctx = messages,
                          .warnings_only = messages->verbosity < VERBOSE,
                          .counts = &counts};
    struct cls_error err = {0};
    char name[256];
    uint64_t size;
    bool ok;

    convert_display_name(options->convert.in, true, name, sizeof(name));
    messages->subject = single.item.name = name;
    convert_input_extent(options->convert.in, &single.start, &size);
    single.item.total = size > single.start ? size - single.start : 0;
    single.watch.offset = single.start;
    progress_start(&single.progress, options->progress, options->verbosity == QUIET);
    single.item.started = single.progress.started;
    messages->before_line = progress_clear;
    messages->before_line_ctx = &single.progress;

    signals_install(&cleanup);
    ok = options->inspect
             ? inspect_and_print(&options->convert, options->inspect, options->verbosity == VERBOSE,
                                 &log, &single.watch, &err)
             : convert_stream(&options->convert, &log, &single.watch, &cleanup, NULL, &err);
    cls_log_finish(&log);
    if (!ok)
        return messages_error(messages, &err);
    progress_end(&single.progress, &single.item);
    return CLS_OK;
}

static int run_command(struct tool_options *options, struct messages *messages)
{
    /* Before the sandbox is entered: it reads files of /proc and /sys. */
    if (!options->for_release)
        limits_host_read("", &options->convert.host);
    if (options->for_host && !options->convert.host.given) {
        messages_usage(PROGRAM, "--for host: this is not a host of Xen 4.6 or later");
        return CLS_USAGE;
    }
    messages->verbosity = options->verbosity;
    messages->syslog = options->syslog;
    options->convert.keep_fd = messages_open(messages);
    if (options->merge_out)
        return batch_merge(options->merge_out, options->merge_in, options->merge_count, messages);
    if (options->is_batch)
        return batch_run(&options->convert, &options->batch, options->progress, messages);
    return run(options, messages);
}

int main(int argc, char **argv)
{
    struct messages messages = {.program = PROGRAM};
    struct tool_options options;
    struct cls_error err = {0};
    int status = CLS_USAGE;

    setlocale(LC_CTYPE, "");
    if (!std_fds_fill(&err))
        return messages_error(&messages, &err);
    switch (parse_options(argc, argv, &options)) {
    case PARSED_DONE:
        status = std_fds_flush(&err) ? CLS_OK : messages_error(&messages, &err);
        break;
    case PARSED_WRONG:
        break;
    case PARSED_RUN:
        status = run_command(&options, &messages);
        break;
    }
    free(options.words);
    free(options.arguments);
    return status;
}
