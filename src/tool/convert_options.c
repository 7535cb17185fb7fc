#include "convert_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/repair.h"
#include "messages.h"
#include "option_words.h"

/*
 * Options without a letter. libxl abbreviates --guest-type to --guest, so no other option may begin
 * with --guest.
 */
enum {
    OPT_SKIP_QEMU = 256,
    OPT_MAX_INPUT_SIZE,
    OPT_STREAM_VERSION,
    OPT_WRITE_CONFIG,
    OPT_CONFIG,
    OPT_SPARSE,
    OPT_CHECKPOINTED,
    OPT_COMPACT,
    OPT_FOR,
    OPT_REPAIR,
    OPT_TRIM_XSAVE,
    OPT_DROP_TMEM,
    OPT_INSPECT,
    OPT_VERIFY,
    OPT_NO_SYNC,
    OPT_NO_CLOBBER,
    OPT_REPLACE,
    OPT_FORCE,
    OPT_PROGRESS,
    OPT_SYSLOG,
    OPT_NO_SANDBOX,
    OPT_TIMEOUT, /* from here on: for directories only */
    OPT_COPY_OTHERS,
    OPT_REPORT,
    OPT_SHARD,
    OPT_FILES_FROM,
    OPT_MERGE_REPORTS,
};

#define JOBS_MAX    1024
#define TIMEOUT_MAX (365u * 24 * 3600)

static const struct option long_options[] = {
    {"in", required_argument, NULL, 'i'},
    {"out", required_argument, NULL, 'o'},
    {"width", required_argument, NULL, 'w'},
    {"guest-type", required_argument, NULL, 'g'},
    {"format", required_argument, NULL, 'f'},
    {"xl", no_argument, NULL, 'x'},
    {"skip-qemu", no_argument, NULL, OPT_SKIP_QEMU},
    {"max-input-size", required_argument, NULL, OPT_MAX_INPUT_SIZE},
    {"stream-version", required_argument, NULL, OPT_STREAM_VERSION},
    {"write-config", required_argument, NULL, OPT_WRITE_CONFIG},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"sparse", no_argument, NULL, OPT_SPARSE},
    {"checkpointed", optional_argument, NULL, OPT_CHECKPOINTED},
    {"compact", no_argument, NULL, OPT_COMPACT},
    {"for", required_argument, NULL, OPT_FOR},
    {"repair", optional_argument, NULL, OPT_REPAIR},
    {"trim-xsave", no_argument, NULL, OPT_TRIM_XSAVE}, /* deprecated: --repair=xsave */
    {"drop-tmem", no_argument, NULL, OPT_DROP_TMEM},
    {"inspect", optional_argument, NULL, OPT_INSPECT},
    {"verify", no_argument, NULL, OPT_VERIFY},
    {"no-sync", no_argument, NULL, OPT_NO_SYNC},
    {"no-clobber", no_argument, NULL, OPT_NO_CLOBBER},
    {"replace", no_argument, NULL, OPT_REPLACE},
    {"progress", optional_argument, NULL, OPT_PROGRESS},
    {"verbose", no_argument, NULL, 'v'},
    {"quiet", no_argument, NULL, 'q'},
    {"syslog", no_argument, NULL, OPT_SYSLOG},
    {"no-sandbox", no_argument, NULL, OPT_NO_SANDBOX},
    {"jobs", required_argument, NULL, 'j'},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"copy-others", no_argument, NULL, OPT_COPY_OTHERS},
    {"force", no_argument, NULL, OPT_FORCE},
    {"report", required_argument, NULL, OPT_REPORT},
    {"shard", required_argument, NULL, OPT_SHARD},
    {"files-from", required_argument, NULL, OPT_FILES_FROM},
    {"merge-reports", required_argument, NULL, OPT_MERGE_REPORTS},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "Usage: " PROGRAM " [options] INPUT OUTPUT\n"
    "       " PROGRAM " [options] --inspect INPUT\n"
    "       " PROGRAM " [options] DIR DIR\n"
    "       " PROGRAM " --merge-reports OUT IN...\n"
    "Converts a domain save of Xen before 4.6 (a legacy stream) to the v2 format that Xen 4.6 and\n"
    "later restore, or all saves in a directory. Container, toolstack width and guest type are\n"
    "detected. INPUT OUTPUT is short for --in INPUT --out OUTPUT.\n"
    "\n"
    "Examples:\n"
    "  " PROGRAM " old.save new.save --verify\n"
    "  " PROGRAM " old.save --inspect --for 4.20\n"
    "  " PROGRAM " old-saves new-saves --report report.html\n"
    "  " PROGRAM " saves --replace\n"
    "\n"
    "Input and output:\n"
    "  -i, --in FILE|FD|-|DIR     legacy save; a number is an inherited file descriptor (./5 is a\n"
    "                             file named 5)\n"
    "  -o, --out FILE|FD|-|DIR    v2 save; a file is complete or does not appear\n"
    "  -w, --width 32|64          toolstack width (default: detected; a different width in the\n"
    "                             stream overrides this option, with a warning)\n"
    "  -g, --guest-type pv|hvm    guest type (default: detected)\n"
    "  -f, --format libxc|libxl   output format (default: libxl for saves of xl, libvirt, xend;\n"
    "                             libxc for others)\n"
    "  -x, --xl                   require an xl header in the input (default: detected)\n"
    "      --skip-qemu            libxc format only: leave the qemu record in the input, unread\n"
    "      --stream-version 2|3   version of the libxc stream: 2 (default) for Xen 4.6 and later,\n"
    "                             3 as Xen's own converter writes since 4.14\n"
    "      --checkpointed[=yes|no]\n"
    "                             whether further Remus checkpoints follow the first (default:\n"
    "                             detected in files; no for pipes and sockets)\n"
    "      --compact              write each page once, with its last content; needs a file\n"
    "      --sparse               write blocks of zeros as holes\n"
    "      --max-input-size SIZE  read at most SIZE bytes of an input, decompressed (100M, 8G)\n"
    "\n"
    "Inspecting and repairing:\n"
    "      --inspect[=FORM]       print the contents of a legacy or v2 save and whether it can be\n"
    "                             restored; write nothing. FORM: text (default), xml or json\n"
    "      --for RELEASE|host     Xen that will restore the save: 4.6 to 4.22, 4.14.3, or host\n"
    "                             for this host (default on a Xen host)\n"
    "      --repair[=LIST]        apply the repairs that the Xen of --for needs, or LIST:\n"
    "                             viridian, tsc-mode, xsave, mce-caps, fip-width, kvmvapic,\n"
    "                             vga-revision, emulator\n"
    "      --drop-tmem            convert a guest that has memory in tmem, without that memory\n"
    "      --config FILE|auto     put this xl configuration into the new save; auto: the one that\n"
    "                             --write-config would write (saves of xend)\n"
    "      --write-config FILE    write an xl configuration, from that in a save of xl or xend\n"
    "\n";

static const char help_more[] = /* C11 guarantees only 4095 bytes for a string literal */
    "Writing the output:\n"
    "      --verify               read both files again and compare all pages and blobs before\n"
    "                             the output is renamed into place\n"
    "      --no-sync              do not sync the output to disk\n"
    "      --no-clobber           fail if the output exists\n"
    "      --replace              replace the input (a file, or all saves in a directory) after\n"
    "                             --verify (implied) and sync; instead of --out\n"
    "      --force                with --replace: replace compressed and read-only files, and\n"
    "                             files with other hard links, too; else, for a directory: "
    "convert\n"
    "                             files that are up to date, too\n"
    "\n"
    "Messages:\n"
    "      --progress[=WHEN]      auto (on a terminal, after one second), always or never;\n"
    "                             SIGUSR1 prints the progress at any time\n"
    "  -v, --verbose              print what is detected and converted\n"
    "  -q, --quiet                print errors only\n"
    "      --syslog               send messages to syslog, too\n"
    "      --no-sandbox           for debugging: do not drop access to files\n"
    "  -h, --help                 print this help\n"
    "  -V, --version              print the version\n"
    "\n"
    "For a directory:\n"
    "  -j, --jobs N               parallel conversions (default: one per processor; four per\n"
    "                             processor for small saves, unless --no-sync is given)\n"
    "      --timeout SECONDS      stop a conversion that takes longer; it counts as failed\n"
    "      --copy-others          copy files that are not legacy saves\n"
    "      --report FILE          write the result of each file to FILE: .html and .xml at the\n"
    "                             end; .jsonl line by line, appended; may be repeated\n"
    "      --shard K/N|auto       convert only part K of N; auto: K and N from the environment\n"
    "                             of a Slurm array job or indexed Kubernetes Job\n"
    "      --files-from FILE|-    convert only the files listed there, relative to the input\n"
    "      --merge-reports OUT    merge several .jsonl reports into one report, and exit\n"
    "\n"
    "Exit status: 0 converted; 1 input is not a sound legacy save; 2 wrong usage; 3 system error\n"
    "(open, read, write, out of space); 128+N stopped by signal N. For a directory the worst\n"
    "status of all files, where 3 is worse than 1.\n";

static bool parse_width(const char *value, struct convert_options *c)
{
    static const char *const words[] = {"32", "64", NULL};
    int i = find_option_word(value, words);

    c->width = i == 1 ? 8 : 4;
    return i >= 0 || wrong_option(PROGRAM, "--width", value, "32 or 64");
}

static bool parse_guest(const char *value, struct convert_options *c)
{
    static const char *const words[] = {"pv", "hvm", NULL};
    int i = find_option_word(value, words);

    c->guest = i == 1 ? GUEST_HVM : GUEST_PV;
    return i >= 0 || wrong_option(PROGRAM, "--guest-type", value, "pv or hvm");
}

static bool parse_format(const char *value, struct convert_options *c)
{
    static const char *const words[] = {"libxc", "libxl", NULL};
    int i = find_option_word(value, words);

    c->format = i == 1 ? CONVERT_FORMAT_LIBXL : CONVERT_FORMAT_LIBXC;
    return i >= 0 || wrong_option(PROGRAM, "--format", value, "libxc or libxl");
}

static bool parse_version(const char *value, struct convert_options *c)
{
    static const char *const words[] = {"2", "3", NULL};
    int i = find_option_word(value, words);

    c->version = i == 1 ? 3 : 2;
    return i >= 0 || wrong_option(PROGRAM, "--stream-version", value, "2 or 3");
}

static bool parse_checkpointed(const char *value, struct convert_options *c)
{
    static const char *const words[] = {"yes", "no", NULL};
    int i = value ? find_option_word(value, words) : 0;

    c->checkpointed = i == 1 ? CONVERT_CHECKPOINTED_NO : CONVERT_CHECKPOINTED_YES;
    return i >= 0 || wrong_option(PROGRAM, "--checkpointed", value, "yes or no");
}

static bool parse_progress(const char *value, struct tool_options *o)
{
    static const char *const words[] = {"auto", "always", "never", NULL};
    static const enum progress_mode modes[] = {PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER};
    int i = value ? find_option_word(value, words) : 1;

    if (i < 0)
        return wrong_option(PROGRAM, "--progress", value, "auto, always or never");
    o->progress = modes[i];
    return true;
}

static bool parse_count(const char *option, const char *value, unsigned max, unsigned *n)
{
    char *end;
    unsigned long parsed;

    errno = 0;
    parsed = strtoul(value, &end, 10);
    if (errno != 0 || *end != '\0' || *value < '0' || *value > '9' || parsed < 1 || parsed > max)
        return wrong_option(PROGRAM, option, value, "a number from 1 on, and not too large");
    *n = (unsigned)parsed;
    return true;
}

static bool parse_shard(const char *value, struct shard *shard)
{
    struct cls_error err;

    if (strcmp(value, "auto") != 0)
        return shard_parse(value, shard) ||
               wrong_option(PROGRAM, "--shard", value, "auto, or K/N with K from 1 to N");
    return shard_from_environment(shard, &err) || messages_usage(PROGRAM, "%s", err.reason);
}

static bool parse_report(const char *value, struct batch_options *b)
{
    if (report_format_of(value) < 0)
        return wrong_option(PROGRAM, "--report", value, "the name of a .jsonl, .xml or .html file");
    if (b->report_count == REPORTS_MAX)
        return wrong_option(PROGRAM, "--report", value, "among the first " REPORTS_MAX_TEXT);
    b->reports[b->report_count++] = value;
    return true;
}

/* Options that are for directories only. */
static bool parse_batch_option(int option, const char *value, struct tool_options *o)
{
    struct batch_options *b = &o->batch;

    o->batch_option = true;
    switch (option) {
    case 'j':
        return parse_count("--jobs", value, JOBS_MAX, &b->jobs);
    case OPT_TIMEOUT:
        return parse_count("--timeout", value, TIMEOUT_MAX, &b->timeout);
    case OPT_COPY_OTHERS:
        return b->copy_others = true;
    case OPT_REPORT:
        return parse_report(value, b);
    case OPT_SHARD:
        return parse_shard(value, &b->shard);
    case OPT_FILES_FROM:
        b->files_from = value;
        return true;
    case OPT_MERGE_REPORTS:
        o->merge_out = value;
        return report_format_of(value) >= 0 ||
               wrong_option(PROGRAM, "--merge-reports", value,
                            "the name of a .jsonl, .xml or .html file");
    default:
        return false; /* not reached */
    }
}

static bool parse_inspect(const char *value, struct tool_options *o)
{
    static const char *const words[] = {"text", "xml", "json", NULL};
    static const enum inspect_form forms[] = {INSPECT_TEXT, INSPECT_XML, INSPECT_JSON};
    int i = value ? find_option_word(value, words) : 0;

    if (i < 0)
        return wrong_option(PROGRAM, "--inspect", value, "text, xml or json");
    o->inspect = forms[i];
    return true;
}

/* For "host" only a flag is set: the host is examined after all options are parsed. */
static bool parse_for(const char *value, struct tool_options *o)
{
    o->for_host = strcmp(value, "host") == 0;
    o->for_release = !o->for_host;
    return o->for_host || limits_host_parse(value, &o->convert.host) ||
           wrong_option(PROGRAM, "--for", value,
                        "host or a release from 4.6 to 4.22 (for example 4.14.3)");
}

static bool parse_repair(const char *value, struct convert_options *c)
{
    struct repair_request *request = &c->repair;

    if (!value) {
        c->repair_config = CONFIG_RULES_ALL;
        return request->all = true;
    }
    for (const char *name = value;; name++) {
        size_t n = strcspn(name, ",");
        unsigned repair = limits_repair_parse(name, n);

        if (!repair)
            return wrong_option(PROGRAM, "--repair", value,
                                "a list of viridian, tsc-mode, xsave, mce-caps, fip-width, "
                                "kvmvapic, vga-revision, emulator");
        request->named |= repair;
        if (repair == LIMITS_REPAIR_TSC_MODE)
            c->repair_config |= CONFIG_RULE_R13;
        if (repair == LIMITS_REPAIR_VIRIDIAN)
            c->repair_config |= CONFIG_RULE_R3; /* the configuration must match the stream */
        name += n;
        if (!*name)
            return true;
    }
}

/* Handles all options except --help and --version. */
static bool parse_option(int option, const char *value, struct tool_options *o)
{
    struct convert_options *c = &o->convert;

    switch (option) {
    case 'i':
        c->in = value;
        return true;
    case 'o':
        c->out = value;
        return true;
    case 'w':
        return parse_width(value, c);
    case 'g':
        return parse_guest(value, c);
    case 'f':
        return parse_format(value, c);
    case 'x':
        return c->need_xl = true;
    case OPT_MAX_INPUT_SIZE:
        return parse_size(PROGRAM, "--max-input-size", value, &c->max_input);
    case OPT_SKIP_QEMU:
        return c->skip_qemu = true;
    case OPT_STREAM_VERSION:
        return parse_version(value, c);
    case OPT_WRITE_CONFIG:
        c->write_config = value;
        return true;
    case OPT_CONFIG:
        c->config = value;
        return true;
    case OPT_SPARSE:
        return c->sparse = true;
    case OPT_CHECKPOINTED:
        return parse_checkpointed(value, c);
    case OPT_COMPACT:
        return c->compact = true;
    case OPT_FOR:
        return parse_for(value, o);
    case OPT_REPAIR:
        return parse_repair(value, c);
    case OPT_TRIM_XSAVE:
        return c->repair.named |= LIMITS_REPAIR_XSAVE;
    case OPT_DROP_TMEM:
        return c->drop_tmem = true;
    case OPT_INSPECT:
        return parse_inspect(value, o);
    case OPT_VERIFY:
        return c->verify = true;
    case OPT_NO_SYNC:
        return c->no_sync = true;
    case OPT_NO_CLOBBER:
        return c->no_clobber = true;
    case OPT_REPLACE:
        return c->replace = c->verify = true;
    case OPT_FORCE:
        return c->force = true;
    case OPT_PROGRESS:
        return parse_progress(value, o);
    case 'v':
        o->verbosity = VERBOSE;
        return true;
    case 'q':
        o->verbosity = QUIET;
        return true;
    case OPT_NO_SANDBOX:
        return c->no_sandbox = true;
    case OPT_SYSLOG:
        return o->syslog = true;
    default:
        return parse_batch_option(option, value, o);
    }
}

static bool usage_error(const char *text)
{
    return messages_usage(PROGRAM, "%s (see --help)", text);
}

static bool check_merge(int argc, char **argv, struct tool_options *o)
{
    if (o->convert.in || o->convert.out)
        return usage_error("--merge-reports cannot be combined with --in or --out");
    if (optind == argc)
        return usage_error("--merge-reports needs at least one report");
    o->merge_in = argv + optind;
    o->merge_count = (size_t)(argc - optind);
    return true;
}

static bool check_batch(struct tool_options *o)
{
    if (convert_fd(o->convert.out, 0) >= 0)
        return usage_error("--in is a directory; --out must be a directory, too");
    if (o->convert.write_config)
        return usage_error("--write-config works for a single save, not for a directory");
    if (o->convert.config && strcmp(o->convert.config, "auto") != 0)
        return usage_error(
            "--config FILE works for a single save, not for a directory (use --config=auto)");
    o->batch.digests = o->convert.verify;
    o->batch.force = o->convert.force;
    return true;
}

static bool is_directory(const char *path)
{
    struct stat st;

    return convert_fd(path, 0) < 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* INPUT [OUTPUT], unless --in or --out is given. */
static bool take_positional(int argc, char **argv, struct convert_options *c)
{
    if (!c->in && !c->out && optind < argc) {
        c->in = argv[optind++];
        if (optind < argc)
            c->out = argv[optind++];
    }
    return optind == argc ||
           messages_usage(PROGRAM,
                          "unexpected argument '%s': give INPUT and OUTPUT, or --in and --out "
                          "(see --help)",
                          argv[optind]);
}

/* Options that would weaken the guarantees of --replace are rejected; --verify is implied. */
static bool check_replace(struct tool_options *o)
{
    struct convert_options *c = &o->convert;

    if (c->out || c->no_clobber || c->no_sync || o->batch.copy_others || o->inspect)
        return usage_error("--replace cannot be combined with --out, --no-sync, --no-clobber, "
                           "--copy-others or --inspect");
    if (convert_fd(c->in, 0) >= 0)
        return usage_error("--replace needs a file or directory, not a file descriptor");
    c->out = c->in;
    return true;
}

static bool check_options(int argc, char **argv, struct tool_options *o)
{
    if (o->merge_out)
        return check_merge(argc, argv, o);
    if (!take_positional(argc, argv, &o->convert))
        return false;
    if (!o->convert.in || !*o->convert.in)
        return usage_error("missing input (--in)");
    if (o->convert.replace && !check_replace(o))
        return false;
    if (o->inspect && (o->convert.out || o->convert.config || o->convert.write_config ||
                       o->convert.verify || o->batch_option))
        return usage_error("--inspect cannot be combined with --out, --config, --write-config, "
                           "--verify or options for directories");
    if (o->inspect)
        return true;
    if (!o->convert.out || !*o->convert.out)
        return usage_error("missing output (--out)");
    o->is_batch = is_directory(o->convert.in);
    if (o->is_batch)
        return check_batch(o);
    return !(o->batch_option || (o->convert.force && !o->convert.replace)) ||
           usage_error("options for directories need a directory as input");
}

/*
 * Returns the arguments with the words of CONVERT_LEGACY_STREAM_OPTIONS inserted before them, for
 * callers with a fixed command line, such as libxl. NULL: no memory.
 */
static char **prepend_environment(int *argc, char **argv, struct tool_options *o)
{
    const char *more = getenv("CONVERT_LEGACY_STREAM_OPTIONS");
    size_t words = 0, count = (size_t)*argc, n = 0;
    char **all, *text, *rest = NULL;

    if (!more || count == 0)
        return argv;
    text = strdup(more);
    all = calloc(count + strlen(more) / 2 + 2, sizeof(*all));
    if (!text || !all) {
        free(text);
        free(all);
        return NULL;
    }
    o->words = text;
    o->arguments = all;
    all[n++] = argv[0];
    for (char *word = strtok_r(text, " \t\n", &rest); word; word = strtok_r(NULL, " \t\n", &rest))
        words++, all[n++] = word;
    memcpy(all + n, argv + 1, (count - 1) * sizeof(*all));
    *argc += (int)words;
    return all;
}

enum parsed parse_options(int argc, char **argv, struct tool_options *o)
{
    static char program[] = PROGRAM;
    int option;

    *o = (struct tool_options){.convert.version = 2};
    argv = prepend_environment(&argc, argv, o);
    if (!argv) {
        messages_usage(PROGRAM, "cannot hold the options: no memory");
        return PARSED_WRONG;
    }
    if (argc > 0)
        argv[0] = program; /* getopt's messages begin with it */
    while ((option = getopt_long(argc, argv, "i:o:w:g:f:j:xvqhV", long_options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            fputs(help_more, stdout);
            return PARSED_DONE;
        }
        if (option == 'V') {
            puts(PROGRAM " " CLS_VERSION);
            return PARSED_DONE;
        }
        if (option == '?') {
            messages_usage_printed(PROGRAM, argv, optind - 1);
            return PARSED_WRONG;
        }
        if (!parse_option(option, optarg, o))
            return PARSED_WRONG;
    }
    return check_options(argc, argv, o) ? PARSED_RUN : PARSED_WRONG;
}
