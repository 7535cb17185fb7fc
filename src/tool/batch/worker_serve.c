/*
 * The worker: from order to order, a process for each.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "classify.h"
#include "fds.h"
#include "progress.h"
#include "worker_message.h"

#define PATIENCE_NS 100000000L
#define START_TRIES 30 /* so far apart */

static volatile sig_atomic_t told_to_end;

static void note(int sig)
{
    if (sig == SIGTERM)
        told_to_end = 1;
}

/* Whoever gives the orders decides about the end, and says so by SIGTERM. */
static void set_signals(sigset_t *while_waiting)
{
    struct sigaction action = {.sa_handler = note};

    sigfillset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGCHLD, &action, NULL);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    sigprocmask(SIG_BLOCK, NULL, while_waiting);
    sigdelset(while_waiting, SIGTERM);
    sigdelset(while_waiting, SIGCHLD);
}

void worker_send(int fd, const struct worker_message *message)
{
    while (write(fd, message, sizeof(*message)) < 0 && errno == EINTR)
        ;
}

struct worker_message worker_failure(const struct cls_error *err)
{
    struct worker_message m = {.kind = MESSAGE_RESULT,
                               .has_result = 1,
                               .status = err->status,
                               .about_input = err->about_input,
                               .offset = err->offset};

    snprintf(m.place, sizeof(m.place), "%s", err->place);
    snprintf(m.text, sizeof(m.text), "%s", err->reason);
    return m;
}

struct serving {
    const struct worker_setup *setup;
    struct place place;
    sigset_t while_waiting;
    int orders, news;
};

static pid_t start_conversion(const struct serving *s, const struct conversion_job *job,
                              int *messages)
{
    pid_t worker = getpid(), pid;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        /* The worker is ended so only when it has not ended of itself. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != worker)
            _exit(CLS_SYSTEM);
        conversion_run(s->setup, job, ends[1]);
    }
    close(ends[1]);
    if (pid < 0)
        close(ends[0]);
    else
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *messages = ends[0];
    return pid;
}

/* Its result is kept; what is no message is swallowed. */
static void listen_to(const struct serving *s, int messages, struct worker_message *result)
{
    struct worker_message m;

    while (read(messages, &m, sizeof(m)) == sizeof(m)) {
        if (m.kind == MESSAGE_RESULT) {
            *result = m;
            result->has_result = 1;
            result->copied = 0;
        } else if (m.kind < MESSAGE_RESULT) {
            worker_send(s->news, &m);
        }
    }
}

/*
 * Until the conversion has ended. Most do so at once: being woken by their result first, and then
 * by their end, would cost as much as a part of the conversion.
 */
static void attend(const struct serving *s, pid_t pid, int messages, struct worker_message *result)
{
    struct pollfd fd = {.fd = -1, .events = POLLIN};
    const struct timespec patience = {.tv_nsec = PATIENCE_NS};
    bool passed_on = false;
    int wstatus;

    do {
        if (ppoll(&fd, 1, fd.fd < 0 ? &patience : NULL, &s->while_waiting) == 0)
            fd.fd = messages;
        if (told_to_end && !passed_on) {
            kill(pid, SIGTERM);
            kill(pid, SIGCONT); /* one that is stopped hears no SIGTERM */
            passed_on = true;
        }
        listen_to(s, messages, result);
        if (result->has_result || (fd.fd >= 0 && fd.revents & POLLHUP))
            fd.fd = -1; /* its end is all that is to come */
    } while (waitpid(pid, &wstatus, WNOHANG) != pid);
    listen_to(s, messages, result);
    result->wstatus = wstatus;
}

/* Where there are as many processes as there may be, others will end soon. */
static pid_t start_patiently(const struct serving *s, const struct conversion_job *job,
                             int *messages)
{
    const struct timespec patience = {.tv_nsec = PATIENCE_NS};
    pid_t pid = start_conversion(s, job, messages);

    for (int i = 1; pid < 0 && errno == EAGAIN && i < START_TRIES && !told_to_end; i++) {
        (void)ppoll(NULL, 0, &patience, &s->while_waiting);
        pid = start_conversion(s, job, messages);
    }
    return pid;
}

static struct worker_message convert(const struct serving *s, const struct conversion_job *job)
{
    struct worker_message result = {0};
    struct cls_error err;
    int messages;
    pid_t pid = start_patiently(s, job, &messages);

    if (pid < 0) {
        cls_fail_errno(&err, errno, "cannot start a process for %s", job->in_name);
        return worker_failure(&err);
    }
    attend(s, pid, messages, &result);
    close(messages);
    return result;
}

/* The conversion was in its sandbox before it saw that there is nothing to convert. */
static struct worker_message convert_or_copy(const struct serving *s, struct conversion_job *job)
{
    struct worker_message result = convert(s, job), copy;

    if (result.spool_missed && !told_to_end) {
        job->spool = true;
        result = convert(s, job);
    }
    if (!s->setup->copy_others || told_to_end || !result.has_result || result.ok ||
        result.status != CLS_BAD_INPUT ||
        classify_rejected((enum convert_input)result.input, job->name) >= ROW_UNREADABLE)
        return result;
    job->copy = true;
    copy = convert(s, job);
    if (!copy.ok)
        return copy;
    result.copied = 1;
    result.bytes_out = copy.bytes_out;
    return result;
}

static struct worker_message carry_out(struct serving *s, const char *path)
{
    struct conversion_job job = {.copy = false};
    char *in_name = NULL, *out_name = NULL;
    struct worker_message result;
    struct cls_error err;

    if (asprintf(&in_name, "%s/%s", s->place.in_label, path) < 0 ||
        asprintf(&out_name, "%s/%s", s->place.out_label, path) < 0)
        _exit(CLS_SYSTEM);
    job.in_name = in_name;
    job.out_name = out_name;
    if (place_enter(&s->place, path, false, &job.name, &err) && place_make(&s->place, &err)) {
        job.in_dir = s->place.in_dir;
        job.out_dir = s->place.out_dir;
        result = convert_or_copy(s, &job);
    } else {
        result = worker_failure(&err);
    }
    free(in_name);
    free(out_name);
    return result;
}

_Noreturn void worker_serve(const struct worker_setup *setup, int orders, int news)
{
    struct serving s = {.setup = setup, .place = setup->place, .orders = orders, .news = news};
    int keep[] = {orders, news, s.place.in_root, s.place.out_root};
    struct pollfd fd = {.fd = orders, .events = POLLIN};
    struct worker_message result;
    uint64_t order;
    double begun;

    place_begin(&s.place);
    fds_keep_only(keep, sizeof(keep) / sizeof(keep[0]));
    set_signals(&s.while_waiting);
    while (!told_to_end) {
        if (ppoll(&fd, 1, NULL, &s.while_waiting) < 0)
            continue;
        if (read(orders, &order, sizeof(order)) != sizeof(order))
            break;
        begun = progress_now();
        result = carry_out(&s, setup->tasks[order].path);
        result.kind = MESSAGE_ENDED;
        result.usec = (uint64_t)((progress_now() - begun) * 1e6);
        worker_send(news, &result);
    }
    _exit(CLS_OK);
}
