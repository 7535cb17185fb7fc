/*
 * The process of one conversion.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "fds.h"
#include "progress.h"
#include "signals.h"
#include "worker_message.h"

#define OFFSET_EVERY 0.2 /* seconds */

struct work {
    const struct worker_setup *setup;
    const struct conversion_job *job;
    int out;
    double next; /* when the offset is told again */
    struct digests digests;
};

static void send_offset(void *ctx, uint64_t offset)
{
    struct work *w = ctx;
    double now = progress_now();

    if (now < w->next)
        return;
    w->next = now + OFFSET_EVERY;
    worker_send(w->out, &(struct worker_message){.kind = MESSAGE_OFFSET, .offset = offset});
}

static void send_line(void *ctx, enum cls_log_level level, const char *text)
{
    const struct work *w = ctx;
    struct worker_message m = {.kind = MESSAGE_LINE, .level = level};

    if (!w->setup->log || level > w->setup->log_level)
        return;
    snprintf(m.text, sizeof(m.text), "%s", text);
    worker_send(w->out, &m);
}

static void send_result(const struct work *w, bool ok, const struct convert_facts *facts,
                        const struct cls_error *err)
{
    struct worker_message m = worker_failure(err);

    m.ok = ok;
    m.input = facts->input;
    m.guest = facts->guest;
    m.width = facts->width;
    m.p2m_size = facts->p2m_size;
    m.bytes_out = ok ? facts->bytes_out : 0;
    m.spool_missed = facts->spool_missed;
    memcpy(m.pages, facts->pages, sizeof(m.pages));
    snprintf(m.envelope, sizeof(m.envelope), "%s", facts->envelope ? facts->envelope : "");
    m.has_digests = ok && w->digests.done;
    memcpy(m.digest_in, w->digests.in, DIGEST_SIZE);
    memcpy(m.digest_out, w->digests.out, DIGEST_SIZE);
    worker_send(w->out, &m);
}

static int open_input(const struct conversion_job *job, struct cls_error *err)
{
    /* What is no regular file by now shall not make us wait. */
    int fd =
        openat(job->in_dir, job->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        cls_fail_errno(err, errno, "cannot open %s", job->in_name);
    } else if (S_ISREG(st.st_mode)) {
        return fd;
    } else {
        cls_fail(err, CLS_USAGE, "%s is no regular file any more", job->in_name);
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool convert(struct work *w, int in, struct convert_cleanup *cleanup,
                    struct convert_facts *facts, struct cls_error *err)
{
    const struct conversion_job *job = w->job;
    struct convert_ends ends = {
        .in_fd = in, .out_dir = job->out_dir, .out_name = job->name, .no_spool = !job->spool};
    struct convert_hook hook = {.before_commit = digests_take, .ctx = &w->digests};
    struct convert_options options = w->setup->options;
    struct cls_watch watch = {.tick = send_offset, .ctx = w};
    struct cls_log_counts counts = {0};
    struct cls_log log = {.line = send_line, .ctx = w, .counts = &counts};
    bool ok;

    options.in = job->in_name;
    options.out = job->out_name;
    options.ends = &ends;
    options.hook = w->setup->digests ? &hook : NULL;
    options.copy = job->copy;
    ok = convert_stream(&options, &log, &watch, cleanup, facts, err);
    cls_log_finish(&log);
    return ok;
}

_Noreturn void conversion_run(const struct worker_setup *setup, const struct conversion_job *job,
                              int news)
{
    static struct convert_cleanup cleanup; /* a signal handler refers to it to the very end */
    struct work w = {.setup = setup, .job = job, .out = news};
    int keep[] = {news, job->in_dir, job->out_dir};
    struct convert_facts facts = {0};
    struct cls_error err = {0};
    bool ok;
    int in;

    signals_install(&cleanup);
    sigprocmask(SIG_SETMASK, &setup->signals, NULL);
    w.next = progress_now() + OFFSET_EVERY;
    /* Not the worker's, by which the next results go. */
    fds_keep_only(keep, sizeof(keep) / sizeof(keep[0]));
    in = open_input(job, &err);
    close(job->in_dir);
    ok = in >= 0 && convert(&w, in, &cleanup, &facts, &err);
    send_result(&w, ok, &facts, &err);
    _exit(ok ? CLS_OK : (int)err.status);
}
