#include "ends.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static const size_t pieces[] = {1, 7, 4095, 2, 13, 65537, 100, 4096, 3};
#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static void open_pair(enum end end, int *reads, int *writes)
{
    int fds[2];

    if (end == END_PIPE)
        must(pipe2(fds, O_CLOEXEC) == 0, "pipe2");
    else
        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
    *reads = fds[0];
    *writes = fds[1];
}

static void set_nonblocking(int fd, bool nonblocking)
{
    int flags = fcntl(fd, F_GETFL);

    flags = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    must(fcntl(fd, F_SETFL, flags) == 0, "fcntl");
}

/* Blocks signals in the thread: they must interrupt the code under test. */
static void start_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    must(pthread_create(thread, NULL, run, arg) == 0, "pthread_create");
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void *feed(void *arg)
{
    struct source *s = arg;
    size_t pos = 0;

    for (unsigned i = 0; pos < s->content->len; i++) {
        size_t left = s->content->len - pos, n = pieces[i % PIECES];
        ssize_t w = write(s->other, s->content->p + pos, n < left ? n : left);

        if (w < 0)
            break; /* the test has closed its end */
        pos += (size_t)w;
    }
    close(s->other);
    return NULL;
}

void source_open(struct source *s, enum end end, const struct bytes *content, bool nonblocking)
{
    *s = (struct source){.end = end, .content = content, .other = -1};
    if (end == END_FILE) {
        s->fd = memfd_of(content->p, content->len);
    } else {
        open_pair(end, &s->fd, &s->other);
        start_thread(&s->thread, feed, s);
    }
    set_nonblocking(s->fd, nonblocking);
}

void source_rest(struct source *s, struct bytes *rest)
{
    set_nonblocking(s->fd, false);
    read_to_end(s->fd, rest);
}

void source_close(struct source *s)
{
    close(s->fd);
    if (s->end != END_FILE)
        pthread_join(s->thread, NULL);
}

static void *drain(void *arg)
{
    struct sink *s = arg;
    uint8_t buf[65537];
    ssize_t n = 1;

    for (unsigned i = 0; n > 0; i++) {
        n = read(s->other, buf, pieces[i % PIECES]);
        if (n > 0)
            put_raw(&s->got, buf, (size_t)n);
    }
    return NULL;
}

void sink_open(struct sink *s, enum end end, bool nonblocking)
{
    *s = (struct sink){.end = end, .other = -1};
    if (end == END_FILE) {
        s->fd = memfd_of(NULL, 0);
    } else {
        open_pair(end, &s->other, &s->fd);
        start_thread(&s->thread, drain, s);
    }
    set_nonblocking(s->fd, nonblocking);
}

void sink_finish(struct sink *s)
{
    if (s->end == END_FILE) {
        lseek(s->fd, 0, SEEK_SET);
        read_to_end(s->fd, &s->got);
        close(s->fd);
        return;
    }
    close(s->fd);
    pthread_join(s->thread, NULL);
    close(s->other);
}

void sink_free(struct sink *s)
{
    bytes_free(&s->got);
}
