/*
 * The worker's process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fds.h"
#include "classify.h"
#include "digest.h"
#include "progress.h"
#include "worker_message.h"

#define OFFSET_EVERY 0.2 /* seconds */

static struct convert_cleanup cleanup; /* for the signal handler */
static volatile sig_atomic_t end_signal;

struct serving {
    const struct worker_setup *setup;
    struct place place;
    int events_fd;
    double next; /* time of the next WORKER_OFFSET message */
};

/* If the output has its name already, the result is still reported before exiting. */
static void handle_sigterm(int sig)
{
    end_signal = sig;
    if (convert_abandon(&cleanup))
        _exit(128 + sig);
}

/* Only SIGTERM from the parent ends a worker; signals from the terminal are ignored. */
static void set_signals(const sigset_t *mask)
{
    struct sigaction action = {.sa_handler = handle_sigterm};

    sigfillset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    sigprocmask(SIG_SETMASK, mask, NULL);
}

/* Errors are ignored: without a reader this process is about to end. */
static void send_message(const struct serving *s, const struct worker_message *message)
{
    while (write(s->events_fd, message, sizeof(*message)) < 0 && errno == EINTR)
        ;
}

static void send_offset(void *ctx, uint64_t offset)
{
    struct serving *s = ctx;
    double now = progress_now();

    if (now < s->next)
        return;
    s->next = now + OFFSET_EVERY;
    send_message(s, &(struct worker_message){.event = WORKER_OFFSET, .offset = offset});
}

static void send_line(void *ctx, enum cls_log_level level, const char *text)
{
    const struct serving *s = ctx;
    struct worker_message m = {.event = WORKER_LINE, .level = level};

    snprintf(m.line, sizeof(m.line), "%s", text);
    send_message(s, &m);
}

static int open_input(const struct serving *s, const char *name, const char *label,
                      struct cls_error *err)
{
    /* O_NONBLOCK: the file may have been replaced by a FIFO since it was listed. */
    int fd =
        openat(s->place.in_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        cls_fail_errno(err, errno, "cannot open %s", label);
    } else if (S_ISREG(st.st_mode)) {
        return fd;
    } else {
        cls_fail(err, CLS_USAGE, "%s is no longer a regular file", label);
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static void fill_found(struct row *row, const struct convert_facts *facts,
                       const struct digests *digests, bool ok)
{
    snprintf(row->envelope, sizeof(row->envelope), "%s", facts->envelope ? facts->envelope : "");
    row->guest = facts->guest;
    row->width = facts->width;
    row->p2m_size = facts->p2m_size;
    row->bytes_out = ok ? facts->bytes_out : 0;
    memcpy(row->pages, facts->pages, sizeof(row->pages));
    row->judged = ok && facts->judged;
    row->verdict = facts->verdict;
    row->repaired = facts->repaired;
    memcpy(row->limits, facts->limits, sizeof(row->limits));
    row->has_digests = ok && digests->done;
    memcpy(row->digest_in, digests->in, DIGEST_SIZE);
    memcpy(row->digest_out, digests->out, DIGEST_SIZE);
}

/*
 * Runs one conversion of the file name in the current directory; options has its paths for
 * messages. Returns r->ok.
 */
static bool convert_once(struct serving *s, const char *name, struct convert_options *options,
                         bool no_spool, struct convert_facts *facts, struct worker_result *r)
{
    struct digests digests = {.done = false};
    struct convert_ends ends = {.in_fd = open_input(s, name, options->in, &r->err),
                                .out_dir = s->place.out_dir,
                                .out_name = name,
                                .no_spool = no_spool};
    struct convert_hook hook = {.before_commit = digests_take, .ctx = &digests};
    struct cls_watch watch = {.tick = send_offset, .ctx = s};
    struct cls_log_counts counts = {0};
    struct cls_log log = {.line = s->setup->log ? send_line : NULL,
                          .ctx = s,
                          .warnings_only = s->setup->log_level < CLS_LOG_INFO,
                          .counts = &counts};

    *facts = (struct convert_facts){.input = CONVERT_INPUT_OTHER};
    if (ends.in_fd < 0)
        return false;
    options->ends = &ends;
    options->hook = s->setup->digests ? &hook : NULL;
    s->next = progress_now() + OFFSET_EVERY;
    r->ok = convert_stream(options, &log, &watch, &cleanup, facts, &r->err);
    cls_log_finish(&log);
    r->input = facts->input;
    r->name_taken = facts->name_taken;
    fill_found(&r->found, facts, &digests, r->ok);
    return r->ok;
}

/*
 * A conversion without temporary file is tried first. Files are copied only after a conversion has
 * rejected them: only the process that parses can tell what they are.
 */
static void convert_or_copy(struct serving *s, const char *name, struct convert_options *options,
                            struct worker_result *r)
{
    struct convert_facts facts;
    struct worker_result copy = {.ok = false};

    if (convert_once(s, name, options, true, &facts, r) ||
        (facts.spool_missed && convert_once(s, name, options, false, &facts, r)))
        return;
    if (!s->setup->copy_others || r->err.status != CLS_BAD_INPUT ||
        classify_rejected(r->input, name) >= ROW_UNREADABLE)
        return;
    options->copy = true;
    options->max_input = 0; /* for saves only */
    if (convert_once(s, name, options, true, &facts, &copy)) {
        r->copied = true;
        r->found.bytes_out = copy.found.bytes_out;
    } else {
        *r = copy;
    }
}

static void run_task(struct serving *s, const char *path, struct worker_result *r)
{
    struct convert_options options = s->setup->options;
    char *in_name = NULL, *out_name = NULL;
    const char *name;

    if (asprintf(&in_name, "%s/%s", s->place.in_label, path) < 0 ||
        asprintf(&out_name, "%s/%s", s->place.out_label, path) < 0)
        _exit(CLS_SYSTEM);
    options.in = in_name;
    options.out = out_name;
    if (place_enter(&s->place, path, false, &name, &r->err) && place_make(&s->place, &r->err))
        convert_or_copy(s, name, &options, r);
    free(in_name);
    free(out_name);
}

_Noreturn void worker_serve(const struct worker_setup *setup, int tasks_fd, int events_fd)
{
    struct serving s = {.setup = setup, .place = setup->place, .events_fd = events_fd};
    const int keep[] = {tasks_fd, events_fd, s.place.in_root, s.place.out_root};
    uint64_t task;
    double started;

    place_begin(&s.place);
    fds_keep_only(keep, sizeof(keep) / sizeof(keep[0]));
    set_signals(&setup->signals);
    while (!end_signal && read(tasks_fd, &task, sizeof(task)) == sizeof(task)) {
        struct worker_message m = {.event = WORKER_ENDED};

        started = progress_now();
        run_task(&s, setup->tasks[task].path, &m.result);
        m.result.found.usec = (uint64_t)((progress_now() - started) * 1e6);
        send_message(&s, &m);
        cleanup.committed = 0; /* the result is sent: a signal may end the worker at once */
    }
    _exit(end_signal ? 128 + end_signal : CLS_OK);
}
