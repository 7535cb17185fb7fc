/*
 * The parent's side of a worker.
 */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "progress.h"
#include "worker_message.h"

static bool cannot_start(struct cls_error *err)
{
    return cls_fail_errno(err, errno, "cannot start a worker");
}

static void close_pipe(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

bool worker_start(struct worker *worker, const struct worker_setup *setup, struct cls_error *err)
{
    pid_t parent = getpid();
    int tasks[2], events[2];

    if (pipe2(tasks, O_CLOEXEC) != 0)
        return cannot_start(err);
    if (pipe2(events, O_CLOEXEC) != 0 || fcntl(events[0], F_SETFL, O_NONBLOCK) != 0) {
        cannot_start(err);
        close_pipe(tasks);
        return false;
    }
    *worker = (struct worker){.tasks_fd = tasks[1], .events_fd = events[0], .pid = fork()};
    if (worker->pid == 0) {
        /* The worker must not outlive its parent. */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            _exit(CLS_SYSTEM);
        worker_serve(setup, tasks[0], events[1]);
    }
    if (worker->pid < 0) {
        cannot_start(err);
        close_pipe(tasks);
        close_pipe(events);
        worker->pid = 0;
        return false;
    }
    close(tasks[0]);
    close(events[1]);
    return true;
}

bool worker_assign(struct worker *worker, size_t task, struct cls_error *err)
{
    uint64_t index = task;

    return write(worker->tasks_fd, &index, sizeof(index)) == sizeof(index) ||
           cls_fail_errno(err, errno, "cannot reach a worker");
}

enum worker_event worker_receive(struct worker *worker)
{
    struct worker_message m;

    if (read(worker->events_fd, &m, sizeof(m)) != sizeof(m))
        return WORKER_NO_EVENT;
    worker->offset = m.event == WORKER_OFFSET  ? m.offset
                     : m.event == WORKER_ENDED ? 0
                                               : worker->offset;
    worker->level = m.level;
    memcpy(worker->line, m.line, sizeof(worker->line));
    worker->result = m.result;
    return m.event;
}

/* Waits until the worker's exit closes the pipe. Returns false at the deadline. */
static bool exits_in_time(const struct worker *worker, double deadline)
{
    struct pollfd fd = {.fd = worker->events_fd};
    double now = progress_now();

    while (now < deadline && !(fd.revents & POLLHUP)) {
        (void)poll(&fd, 1, (int)((deadline - now) * 1000) + 1);
        now = progress_now();
    }
    return fd.revents & POLLHUP;
}

int worker_stop(struct worker *worker, double deadline)
{
    int wstatus = 0;

    if (worker->pid == 0)
        return 0;
    close(worker->tasks_fd);
    if (deadline > 0 && !exits_in_time(worker, deadline))
        kill(worker->pid, SIGKILL);
    close(worker->events_fd);
    while (waitpid(worker->pid, &wstatus, 0) < 0 && errno == EINTR)
        ;
    worker->pid = 0;
    return wstatus;
}
