/*
 * The side that gives orders.
 */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/page_type.h"
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
        /* Not to go on when nobody is there to take the results. */
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

static void copy_text(char *to, size_t size, const char *from)
{
    memcpy(to, from, size - 1);
    to[size - 1] = '\0';
}

static bool is_sane(const struct worker_message *m)
{
    for (unsigned i = 0; i < 16; i++)
        if (m->pages[i] && !page_type_name(i))
            return false;
    return m->ok <= 1 && m->input <= CONVERT_INPUT_UNREADABLE && m->status <= CLS_SYSTEM &&
           m->about_input <= 1 && m->guest <= GUEST_HVM &&
           (m->width == 0 || m->width == 4 || m->width == 8) && (m->ok || m->status != CLS_OK);
}

static void take_result(struct worker *worker, const struct worker_message *m)
{
    struct worker_result *r = &worker->result;

    worker->has_result = m->has_result && is_sane(m);
    if (!worker->has_result)
        return;
    *r = (struct worker_result){
        .ok = m->ok, .copied = m->copied, .input = (enum convert_input)m->input};
    r->err.status = (enum cls_status)m->status;
    r->err.about_input = m->about_input;
    r->err.offset = m->offset;
    copy_text(r->err.place, sizeof(r->err.place), m->place);
    copy_text(r->err.reason, sizeof(r->err.reason), m->text);
    copy_text(r->found.envelope, sizeof(r->found.envelope), m->envelope);
    r->found.guest = (enum guest_type)m->guest;
    r->found.width = m->width;
    r->found.p2m_size = m->p2m_size;
    r->found.bytes_out = m->bytes_out;
    memcpy(r->found.pages, m->pages, sizeof(r->found.pages));
    r->found.has_digests = m->has_digests != 0;
    memcpy(r->found.digest_in, m->digest_in, DIGEST_SIZE);
    memcpy(r->found.digest_out, m->digest_out, DIGEST_SIZE);
}

enum worker_news worker_listen(struct worker *worker)
{
    struct worker_message m;

    if (read(worker->news, &m, sizeof(m)) != sizeof(m))
        return WORKER_SILENT;
    switch (m.kind) {
    case MESSAGE_OFFSET:
        worker->offset = m.offset;
        return WORKER_OFFSET;
    case MESSAGE_LINE:
        worker->level = m.level == CLS_LOG_WARNING ? CLS_LOG_WARNING : CLS_LOG_INFO;
        copy_text(worker->line, sizeof(worker->line), m.text);
        return WORKER_LINE;
    case MESSAGE_ENDED:
        worker->offset = 0;
        worker->wstatus = m.wstatus;
        worker->usec = m.usec;
        take_result(worker, &m);
        return WORKER_ENDED;
    default:
        return WORKER_SILENT;
    }
}

void worker_dismiss(struct worker *worker)
{
    if (worker->pid == 0)
        return;
    close(worker->orders);
    close(worker->news);
    while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    worker->pid = 0;
}
