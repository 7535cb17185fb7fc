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

static void close_both(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

bool worker_start(struct worker *worker, const struct worker_setup *setup, struct cls_error *err)
{
    pid_t parent = getpid();
    int orders[2], news[2];

    if (pipe2(orders, O_CLOEXEC) != 0)
        return cannot_start(err);
    if (pipe2(news, O_CLOEXEC) != 0 || fcntl(news[0], F_SETFL, O_NONBLOCK) != 0) {
        cannot_start(err);
        close_both(orders);
        return false;
    }
    *worker = (struct worker){.orders = orders[1], .news = news[0], .pid = fork()};
    if (worker->pid == 0) {
        /* The worker must not outlive its parent. */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            _exit(CLS_SYSTEM);
        worker_serve(setup, orders[0], news[1]);
    }
    if (worker->pid < 0) {
        cannot_start(err);
        close_both(orders);
        close_both(news);
        worker->pid = 0;
        return false;
    }
    close(orders[0]);
    close(news[1]);
    return true;
}

bool worker_order(struct worker *worker, size_t task, struct cls_error *err)
{
    uint64_t order = task;

    return write(worker->orders, &order, sizeof(order)) == sizeof(order) ||
           cls_fail_errno(err, errno, "cannot reach a worker");
}

enum worker_news worker_listen(struct worker *worker)
{
    struct worker_message m;

    if (read(worker->news, &m, sizeof(m)) != sizeof(m))
        return WORKER_SILENT;
    worker->offset = m.news == WORKER_OFFSET  ? m.offset
                     : m.news == WORKER_ENDED ? 0
                                              : worker->offset;
    worker->level = m.level;
    memcpy(worker->line, m.line, sizeof(worker->line));
    worker->result = m.result;
    return m.news;
}

/* Waits until the worker's exit closes the pipe. Returns false at the deadline. */
static bool ends_in_time(const struct worker *worker, double deadline)
{
    struct pollfd fd = {.fd = worker->news};
    double now = progress_now();

    while (now < deadline && !(fd.revents & POLLHUP)) {
        (void)poll(&fd, 1, (int)((deadline - now) * 1000) + 1);
        now = progress_now();
    }
    return fd.revents & POLLHUP;
}

int worker_dismiss(struct worker *worker, double deadline)
{
    int wstatus = 0;

    if (worker->pid == 0)
        return 0;
    close(worker->orders);
    if (deadline > 0 && !ends_in_time(worker, deadline))
        kill(worker->pid, SIGKILL);
    close(worker->news);
    while (waitpid(worker->pid, &wstatus, 0) < 0 && errno == EINTR)
        ;
    worker->pid = 0;
    return wstatus;
}
