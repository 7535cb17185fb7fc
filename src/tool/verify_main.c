/*
 * verify-stream-v2: the program.
 */
#include <getopt.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/page_type.h"
#include "convert/convert.h"
#include "convert/verify.h"
#include "messages.h"
#include "option_words.h"
#include "std_fds.h"

#define PROGRAM "verify-stream-v2"

enum { OPT_SYSLOG = 256, OPT_NO_SANDBOX, OPT_MAX_INPUT_SIZE };

static const struct option long_options[] = {
    {"in", required_argument, NULL, 'i'},
    {"format", required_argument, NULL, 'f'},
    {"verbose", no_argument, NULL, 'v'},
    {"quiet", no_argument, NULL, 'q'},
    {"syslog", no_argument, NULL, OPT_SYSLOG},
    {"max-input-size", required_argument, NULL, OPT_MAX_INPUT_SIZE},
    {"no-sandbox", no_argument, NULL, OPT_NO_SANDBOX},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "Usage: " PROGRAM " [-i INPUT] [options]\n"
    "Verifies a v2 or v3 save or migration stream of Xen 4.6 or later: everything that Xen's own\n"
    "verifier checks, and everything that Xen would reject at restore.\n"
    "\n"
    "Example: " PROGRAM " -v -i new.save\n"
    "\n"
    "  -i, --in FILE|FD|-      stream (default: standard input); a number is an inherited file\n"
    "                          descriptor\n"
    "  -f, --format FORMAT     auto (default: detected), libxc, libxl, xl or libvirt\n"
    "  -v, --verbose           print each record and a summary on standard output\n"
    "  -q, --quiet             print nothing; only set the exit status\n"
    "      --syslog            send messages to syslog, too\n"
    "      --max-input-size SIZE\n"
    "                          read at most SIZE bytes of an input, decompressed (100M, 8G)\n"
    "      --no-sandbox        for debugging: do not drop access to files\n"
    "  -h, --help              print this help\n"
    "  -V, --version           print the version\n"
    "\n"
    "Exit status: 0 sound; 1 not sound (one line: offset, record, reason); 2 wrong usage; 3 "
    "system\n"
    "error.\n";

struct options {
    struct verify_options verify;
    enum verbosity verbosity;
    bool syslog;
};

static bool parse_format(const char *value, struct options *o)
{
    static const char *const words[] = {"auto", "libxc", "libxl", "xl", "libvirt", NULL};
    static const enum verify_format formats[] = {VERIFY_AUTO, VERIFY_LIBXC, VERIFY_LIBXL, VERIFY_XL,
                                                 VERIFY_LIBVIRT};
    int i = find_option_word(value, words);

    if (i < 0)
        return wrong_option(PROGRAM, "--format", value, "auto, libxc, libxl, xl or libvirt");
    o->verify.format = formats[i];
    return true;
}

/* Returns -1 if the stream is to be verified, else the exit status. */
static int parse_options(int argc, char **argv, struct options *o)
{
    static char program[] = PROGRAM;
    int option;

    if (argc > 0)
        argv[0] = program; /* getopt's messages begin with it */
    while ((option = getopt_long(argc, argv, "i:f:vqhV", long_options, NULL)) != -1) {
        switch (option) {
        case 'i':
            o->verify.in = optarg;
            break;
        case 'f':
            if (!parse_format(optarg, o))
                return CLS_USAGE;
            break;
        case 'v':
            o->verbosity = VERBOSE;
            break;
        case 'q':
            o->verbosity = SILENT;
            break;
        case OPT_MAX_INPUT_SIZE:
            if (!parse_size(PROGRAM, "--max-input-size", optarg, &o->verify.max_input))
                return CLS_USAGE;
            break;
        case OPT_SYSLOG:
            o->syslog = true;
            break;
        case OPT_NO_SANDBOX:
            o->verify.no_sandbox = true;
            break;
        case 'h':
            fputs(help, stdout);
            return CLS_OK;
        case 'V':
            puts(PROGRAM " " CLS_VERSION);
            return CLS_OK;
        default:
            messages_usage_printed(PROGRAM, argv, optind - 1);
            return CLS_USAGE;
        }
    }
    if (optind < argc) {
        messages_usage(PROGRAM, "unexpected argument '%s' (see --help)", argv[optind]);
        return CLS_USAGE;
    }
    return -1;
}

static void print_pages(const struct cls_log *log, const struct v2_summary *s)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < 16; i++)
        all += s->pages[i];
    cls_info(log, "pages: %" PRIu64, all);
    for (unsigned i = 0; i < 16; i++)
        if (s->pages[i])
            cls_info(log, "  %s: %" PRIu64, page_type_name(i), s->pages[i]);
}

static void print_records(const struct cls_log *log, const struct v2_summary *s)
{
    cls_info(log, "records:");
    for (uint32_t i = 0; i < LIBXL_REC_TYPE_KNOWN; i++)
        if (s->libxl_records[i])
            cls_info(log, "  libxl %s: %" PRIu64, v2_libxl_record_name(i), s->libxl_records[i]);
    for (uint32_t i = 0; i < REC_TYPE_KNOWN; i++)
        if (s->records[i])
            cls_info(log, "  %s: %" PRIu64, v2_record_name(i), s->records[i]);
    if (s->optional_records)
        cls_info(log, "  optional, unknown: %" PRIu64, s->optional_records);
}

static void print_summary(const struct cls_log *log, const struct v2_summary *s)
{
    if (s->guest == GUEST_PV)
        cls_info(log, "guest: %u-bit PV, %u levels of page tables", s->guest_width * 8,
                 s->pt_levels);
    else
        cls_info(log, "guest: HVM");
    print_pages(log, s);
    print_records(log, s);
    cls_info(log, "sound: %s stream, libxc version %u, %" PRIu64 " bytes",
             s->stream == V2_STREAM_LIBXL ? "libxl" : "libxc", s->version, s->bytes);
}

static int finish(const struct messages *messages)
{
    struct cls_error err;

    return std_fds_flush(&err) ? CLS_OK : messages_error(messages, &err);
}

int main(int argc, char **argv)
{
    struct messages messages = {.program = PROGRAM, .info_is_result = true};
    struct cls_log_counts counts = {0};
    struct cls_log log = {.line = messages_log, .ctx = &messages, .counts = &counts};
    struct options options = {.verify.in = "-"};
    struct v2_summary summary;
    struct cls_error err = {0};
    char name[256];
    int status;
    bool ok;

    setlocale(LC_CTYPE, "");
    if (!std_fds_fill(&err))
        return messages_error(&messages, &err);
    status = parse_options(argc, argv, &options);
    if (status == CLS_OK)
        return finish(&messages);
    if (status > 0)
        return status;
    convert_display_name(options.verify.in, true, name, sizeof(name));
    messages.subject = name;
    messages.verbosity = options.verbosity;
    messages.syslog = options.syslog;
    options.verify.keep_fd = messages_open(&messages);
    ok = verify_stream(&options.verify, &log, &summary, &err);
    cls_log_finish(&log);
    if (!ok) {
        fflush(stdout);
        return messages_error(&messages, &err);
    }
    print_summary(&log, &summary);
    return finish(&messages);
}
