#include "apart.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/page_type.h"
#include "hold_signals.h"

#define TICK_MS      200
#define START_TRIES  30 /* 100 ms apart */
#define MESSAGES_MAX 20000

/* The child's result, in shared memory. Nothing in it is trusted. */
struct claim {
    _Atomic uint64_t offset;          /* in the input, while it works */
    uint32_t ok;                      /* else err has a status */
    int32_t envelope;                 /* enum envelope_kind; -1: not known */
    uint32_t run_ended[IN_FILE_RUNS]; /* of what uncompresses the input */
    uint64_t in_offset;
    struct convert_facts facts; /* but for pointers */
    struct cls_error err;
};

struct message {
    uint32_t level;
    char text[400];
};

_Static_assert(sizeof(struct message) <= PIPE_BUF, "a message is written in one piece");

static void note_offset(void *ctx, uint64_t offset)
{
    struct claim *claim = ctx;

    atomic_store_explicit(&claim->offset, offset, memory_order_relaxed);
}

static void send_message(void *ctx, enum cls_log_level level, const char *text)
{
    const int *messages = ctx;
    struct message r = {.level = level};

    snprintf(r.text, sizeof(r.text), "%s", text);
    /* Without a reader this process is about to be killed. */
    while (write(*messages, &r, sizeof(r)) < 0 && errno == EINTR)
        ;
}

/* Replaces terminals by /dev/null, unless they are an end of the conversion: TIOCSTI. */
static void replace_terminals(const struct conversion *c)
{
    int null = -1;

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fd == c->in.fd || fd == c->out.fd || !isatty(fd))
            continue;
        if (null < 0)
            null = open("/dev/null", O_RDWR | O_CLOEXEC);
        (void)dup2(null, fd);
    }
}

static _Noreturn void parse(struct conversion *c, struct claim *claim, int messages, pid_t parent,
                            bool (*work)(struct conversion *, struct cls_error *))
{
    struct cls_watch watch = {.tick = note_offset, .ctx = claim};
    struct cls_log_counts counts = {0};
    struct cls_log log = {.line = c->log && c->log->line ? send_message : NULL,
                          .ctx = &messages,
                          .warnings_only = c->log && c->log->warnings_only,
                          .counts = &counts};
    struct cls_error err = {0};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(CLS_SYSTEM);
    replace_terminals(c);
    c->in.watch = &watch;
    c->out.watch = &watch;
    c->log = &log;
    c->is_apart = true;
    c->keep_fd = messages;
    claim->ok = work(c, &err); /* err, too, is only shared once it is final */
    claim->err = err;
    cls_log_finish(&log);
    claim->envelope = c->facts.envelope ? (int32_t)c->envelope.kind : -1;
    for (unsigned i = 0; i < IN_FILE_RUNS; i++)
        claim->run_ended[i] = c->in_file.runs[i].ended;
    claim->in_offset = c->in.offset;
    claim->facts = c->facts;
    claim->facts.bytes_out = c->out.offset;
    _exit(claim->ok ? CLS_OK : (int)claim->err.status);
}

static bool is_flag(const bool *flag)
{
    return *(const unsigned char *)flag <= 1;
}

static bool is_possible(const struct claim *claim, int wstatus)
{
    const struct convert_facts *f = &claim->facts;
    const struct cls_error *e = &claim->err;

    for (unsigned i = 0; i < 16; i++)
        if (f->pages[i] && !page_type_name(i))
            return false;
    if (!claim->ok &&
        (e->status < CLS_BAD_INPUT || e->status > CLS_SYSTEM || !is_flag(&e->about_input) ||
         !memchr(e->place, 0, sizeof(e->place)) || !memchr(e->reason, 0, sizeof(e->reason))))
        return false;
    return WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == (claim->ok ? CLS_OK : (int)e->status) &&
           claim->envelope >= -1 && claim->envelope <= ENVELOPE_XAPI_STRUCTURED &&
           f->input <= CONVERT_INPUT_UNREADABLE && f->guest <= GUEST_HVM &&
           (f->width == 0 || f->width == 4 || f->width == 8) && is_flag(&f->verified) &&
           is_flag(&f->spool_missed) && is_flag(&f->judged) && f->verdict < LIMITS_VERDICTS &&
           f->repaired <= LIMITS_REPAIR_ALL &&
           strnlen(f->limits, sizeof(f->limits)) < sizeof(f->limits) &&
           strspn(f->limits, "R0123456789 ") == strlen(f->limits);
}

/* Checks the child's result and copies it to c. */
static bool take(struct conversion *c, const struct claim *shared, int wstatus,
                 struct cls_error *err)
{
    struct claim claim = *shared;
    struct stat st;

    if (WIFSIGNALED(wstatus))
        return cls_fail(err, CLS_SYSTEM, "%s: conversion process was killed by signal %d (%s)",
                        c->in_file.name, WTERMSIG(wstatus), strsignal(WTERMSIG(wstatus)));
    if (!is_possible(&claim, wstatus))
        return cls_fail(err, CLS_SYSTEM,
                        "%s: conversion process exited without a result, status %d",
                        c->in_file.name, WEXITSTATUS(wstatus));
    c->facts = claim.facts;
    c->facts.envelope =
        claim.envelope >= 0 ? envelope_name((enum envelope_kind)claim.envelope) : NULL;
    c->in.offset = claim.in_offset;
    c->out.offset = claim.facts.bytes_out;
    for (unsigned i = 0; i < IN_FILE_RUNS; i++)
        c->in_file.runs[i].ended = claim.run_ended[i] != 0;
    if (!claim.ok) {
        *err = claim.err;
        return false;
    }
    if (fd_stat(c->out_file.fd, &st) != 0)
        return cls_fail_errno(err, errno, "cannot read %s", c->out_name);
    /* An output that is written directly may have been longer before. */
    return out_file_is_straight(&c->out_file) || (uint64_t)st.st_size == c->out.offset ||
           cls_fail(err, CLS_SYSTEM, "%s has %llu bytes, but the conversion process reported %llu",
                    c->out_name, (unsigned long long)st.st_size, (unsigned long long)c->out.offset);
}

/* Passes one message on. They are counted: the child must not be able to fill a log. */
static void pass_message(const struct conversion *c, int fd, unsigned *count)
{
    struct message r;

    if (read(fd, &r, sizeof(r)) != sizeof(r) || (*count)++ >= MESSAGES_MAX || !c->log ||
        !c->log->line)
        return;
    r.text[sizeof(r.text) - 1] = '\0';
    c->log->line(c->log->ctx, r.level == CLS_LOG_WARNING ? CLS_LOG_WARNING : CLS_LOG_INFO, r.text);
}

static void tick(struct cls_watch *watch, const struct claim *claim)
{
    if (!watch)
        return;
    watch->offset = atomic_load_explicit(&claim->offset, memory_order_relaxed);
    cls_watch_tick(watch);
}

/* Until the child ends; returns its wait status. A signal may end both processes at any time. */
static int attend(struct conversion *c, const struct claim *claim, int messages,
                  struct cls_watch *watch)
{
    struct pollfd fd = {.fd = messages, .events = POLLIN};
    unsigned count = 0;
    siginfo_t ignored;
    sigset_t old;
    int wstatus = 0, n;

    do {
        n = poll(&fd, 1, TICK_MS);
        if (n > 0 && fd.revents & POLLIN)
            pass_message(c, messages, &count);
        tick(watch, claim);
    } while (n <= 0 || fd.revents & POLLIN);
    /* A child that was taken over may have closed the pipe and still run. */
    while (waitid(P_PID, (id_t)c->cleanup->child, &ignored, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR)
        tick(watch, claim);
    hold_signals(&old);
    while (waitpid(c->cleanup->child, &wstatus, 0) < 0 && errno == EINTR)
        ;
    c->cleanup->child = 0;
    release_signals(&old);
    return wstatus;
}

/* At the limit of processes fork() is tried again: other processes may end soon. */
static pid_t fork_patiently(void)
{
    const struct timespec patience = {.tv_nsec = 100000000};
    pid_t pid = fork();

    for (int i = 1; pid < 0 && errno == EAGAIN && i < START_TRIES; i++) {
        nanosleep(&patience, NULL);
        pid = fork();
    }
    return pid;
}

static bool start(struct conversion *c, struct claim *claim, int messages,
                  bool (*work)(struct conversion *, struct cls_error *), struct cls_error *err)
{
    pid_t parent = getpid(), pid;
    sigset_t old;

    hold_signals(&old);
    pid = fork_patiently();
    if (pid == 0) {
        set_signals(SIG_IGN); /* the parent handles them, and kills this process */
        release_signals(&old);
        parse(c, claim, messages, parent, work);
    }
    c->cleanup->child = pid > 0 ? pid : 0;
    release_signals(&old);
    return pid > 0 || cls_fail_errno(err, errno, "cannot start a process for %s", c->in_file.name);
}

bool apart_run(struct conversion *c, bool (*work)(struct conversion *c, struct cls_error *err),
               struct cls_watch *watch, struct cls_error *err)
{
    struct claim *claim =
        mmap(NULL, sizeof(*claim), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int messages[2];
    bool ok;

    if (claim == MAP_FAILED || pipe2(messages, O_CLOEXEC) != 0) {
        cls_fail_errno(err, errno, "cannot start a process for %s", c->in_file.name);
        if (claim != MAP_FAILED)
            munmap(claim, sizeof(*claim));
        return false;
    }
    claim->offset = c->in.offset;
    ok = start(c, claim, messages[1], work, err);
    close(messages[1]);
    in_file_close_pipes(&c->in_file);
    c->cleanup->start_due = 0; /* the child writes it now */
    ok = ok && take(c, claim, attend(c, claim, messages[0], watch), err);
    close(messages[0]);
    munmap(claim, sizeof(*claim));
    return ok;
}
