/*
 * base: bulk moved between ends of every kind.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/move.h"
#include "ends.h"
#include "small_memory.h"

#define HEAD 1000    /* written before the move */
#define BULK 1400123 /* moved: more than pipes and buffers hold */
#define TAIL 5000    /* left in the input */

struct moving {
    enum end from, to;
    bool nonblocking;
    size_t peeked;
    bool unprepared; /* by read and write, for all ends */
};

static const struct cls_move_options plain = {0};

/* The expected way of moving between these ends (docs/code.md). */
static const char *way_of(const struct moving *m)
{
    if (m->unprepared)
        return "by read and write";
    if (m->to == END_FILE)
        return "by splice, through an internal pipe";
    return m->from == END_PIPE || m->to == END_PIPE ? "by splice" : "by read and write";
}

static void check_rest(struct source *source, const struct bytes *content, size_t offset)
{
    struct bytes wanted = {content->p + offset, content->len - offset, 0}, rest = {0};

    if (source->end == END_FILE)
        CHECK_INT(lseek(source->fd, 0, SEEK_CUR), offset);
    source_rest(source, &rest);
    CHECK_BYTES(rest.p, rest.len, &wanted);
    bytes_free(&rest);
}

/* The move itself, between two small writes. */
static void move(struct source *source, struct sink *sink, const struct moving *m,
                 const struct bytes *content)
{
    struct cls_input in;
    struct cls_output out;
    struct cls_error err;
    const uint8_t *b;
    size_t got;

    cls_input_init(&in, source->fd, "in", 0, NULL);
    cls_output_init(&out, sink->fd, "out", NULL);
    if (!m->unprepared)
        cls_move_prepare(&in, &out, &plain, NULL);
    CHECK(cls_output_write(&out, content->p, HEAD, &err));
    CHECK(cls_input_peek(&in, m->peeked, &b, &got, &err));
    CHECK(cls_move(&in, &out, BULK, "data", &err));
    CHECK(cls_output_write(&out, "end", 3, &err) && cls_output_finish(&out, &err));
    CHECK_INT(in.offset, BULK);
    CHECK_INT(out.offset, HEAD + BULK + 3);
    CHECK_TEXT(out.ops->name, way_of(m));
    CHECK_INT(out.moved, out.ops->move ? BULK - m->peeked : 0);
    cls_input_release(&in);
    cls_output_release(&out);
}

static void check_move(const struct moving *m, const struct bytes *content)
{
    struct source source;
    struct sink sink;
    struct bytes wanted = {0};

    source_open(&source, m->from, content, m->nonblocking);
    sink_open(&sink, m->to, m->nonblocking);
    move(&source, &sink, m, content);
    check_rest(&source, content, BULK);
    sink_finish(&sink);
    put_raw(&wanted, content->p, HEAD);
    put_raw(&wanted, content->p, BULK);
    put_text(&wanted, "end");
    CHECK_BYTES(sink.got.p, sink.got.len, &wanted);
    source_close(&source);
    sink_free(&sink);
    bytes_free(&wanted);
}

static void check_all_moves(bool nonblocking, size_t peeked)
{
    struct bytes content = {0};

    put_pattern(&content, BULK + TAIL);
    for (enum end from = 0; from < END_KINDS; from++)
        for (enum end to = 0; to < END_KINDS; to++)
            for (int unprepared = 0; unprepared < 2; unprepared++)
                check_move(&(struct moving){from, to, nonblocking, peeked, unprepared}, &content);
    bytes_free(&content);
}

static void every_pair_of_ends(void)
{
    check_all_moves(false, 0);
}

static void every_pair_of_nonblocking_ends(void)
{
    check_all_moves(true, 0);
}

static void peeked_bytes_are_moved_first(void)
{
    check_all_moves(false, 24);
    check_all_moves(true, CLS_PEEK_MAX);
}

static void moves_within_what_was_peeked(void)
{
    struct bytes content = {0}, wanted = {0};
    struct source source;
    struct sink sink;
    struct cls_input in;
    struct cls_output out;
    struct cls_error err;
    const uint8_t *b;
    size_t got;

    put_pattern(&content, 100);
    source_open(&source, END_PIPE, &content, false);
    sink_open(&sink, END_FILE, false);
    cls_input_init(&in, source.fd, "in", 0, NULL);
    cls_output_init(&out, sink.fd, "out", NULL);
    cls_move_prepare(&in, &out, &plain, NULL);
    CHECK(cls_input_peek(&in, 50, &b, &got, &err));
    CHECK(cls_move(&in, &out, 0, "nothing", &err));
    CHECK(cls_move(&in, &out, 20, "less than was peeked", &err));
    CHECK(cls_move(&in, &out, 30, "the rest of it", &err));
    CHECK_INT(in.offset, 50);
    check_rest(&source, &content, 50);
    CHECK(cls_output_finish(&out, &err));
    sink_finish(&sink);
    put_raw(&wanted, content.p, 50);
    CHECK_BYTES(sink.got.p, sink.got.len, &wanted);
    source_close(&source);
    sink_free(&sink);
    cls_input_release(&in);
    cls_output_release(&out);
    bytes_free(&wanted);
    bytes_free(&content);
}

static void check_truncated_move(enum end from, enum end to)
{
    struct bytes content = {0};
    struct source source;
    struct sink sink;
    struct cls_input in;
    struct cls_output out;
    struct cls_error err = {0};

    put_pattern(&content, 90000);
    source_open(&source, from, &content, false);
    sink_open(&sink, to, false);
    cls_input_init(&in, source.fd, "in", 0, NULL);
    cls_output_init(&out, sink.fd, "out", NULL);
    cls_move_prepare(&in, &out, &plain, NULL);
    cls_input_at(&in, "page batch", 12, NULL);
    CHECK(cls_input_skip(&in, 1000, "a", &err));
    CHECK(!cls_move(&in, &out, 100000, "page data", &err));
    CHECK_INT(err.status, CLS_BAD_INPUT);
    CHECK_INT(err.offset, 1000);
    CHECK_TEXT(err.place, "page batch 12");
    CHECK_TEXT(err.reason, "expected 100000 bytes of page data, input ended after 89000");
    sink_finish(&sink);
    source_close(&source);
    sink_free(&sink);
    cls_input_release(&in);
    cls_output_release(&out);
    bytes_free(&content);
}

static void truncated_moves(void)
{
    for (enum end from = 0; from < END_KINDS; from++)
        for (enum end to = 0; to < END_KINDS; to++)
            check_truncated_move(from, to);
}

static void check_failed_write(int out_fd, enum end from, const char *reason)
{
    struct bytes content = {0};
    struct source source;
    struct cls_input in;
    struct cls_output out;
    struct cls_error err = {0};

    put_pattern(&content, 100000);
    source_open(&source, from, &content, false);
    cls_input_init(&in, source.fd, "in", 0, NULL);
    cls_output_init(&out, out_fd, "out", NULL);
    cls_move_prepare(&in, &out, &plain, NULL);
    CHECK(!cls_move(&in, &out, 100000, "data", &err));
    CHECK_INT(err.status, CLS_SYSTEM);
    CHECK_TEXT(err.reason, reason);
    source_close(&source);
    cls_input_release(&in);
    bytes_free(&content);
}

static void failed_writes(void)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC), fds[2];

    CHECK(pipe(fds) == 0);
    close(fds[0]);
    for (enum end from = 0; from < END_KINDS; from++) {
        check_failed_write(full, from, "cannot write out: No space left on device");
        check_failed_write(fds[1], from, "cannot write out: Broken pipe");
    }
    close(fds[1]);
    close(full);
}

/* splice() refuses a file opened for appending, as a shell's >> makes it. */
static void a_file_opened_for_appending(void)
{
    struct bytes content = {0}, got = {0}, wanted = {0};
    struct scratch dir;
    struct source source;
    struct cls_input in;
    struct cls_output out;
    struct cls_error err;
    int fd;

    scratch_make(&dir);
    write_file(scratch_path(&dir, "out"), "old", 3);
    fd = open(dir.path, O_WRONLY | O_APPEND | O_CLOEXEC);
    put_pattern(&content, 300000);
    source_open(&source, END_PIPE, &content, false);
    cls_input_init(&in, source.fd, "in", 0, NULL);
    cls_output_init(&out, fd, "out", NULL);
    cls_move_prepare(&in, &out, &plain, NULL);
    CHECK_TEXT(out.ops->name, "by splice");
    CHECK(cls_move(&in, &out, 300000, "data", &err));
    close(fd);
    put_text(&wanted, "old");
    put_bytes(&wanted, &content);
    CHECK(read_file(dir.path, &got));
    CHECK_BYTES(got.p, got.len, &wanted);
    source_close(&source);
    cls_input_release(&in);
    cls_output_release(&out);
    scratch_remove(&dir);
    bytes_free(&content);
    bytes_free(&got);
    bytes_free(&wanted);
}

/* Many small moves, each behind a small write: bytes pile up in the stage, and come out in order.
 */
static void many_small_moves(void)
{
    struct bytes content = {0}, wanted = {0};
    struct source source;
    struct sink sink;
    struct cls_input in;
    struct cls_output out;
    struct cls_error err;

    put_pattern(&content, 600000);
    source_open(&source, END_PIPE, &content, false);
    sink_open(&sink, END_FILE, false);
    cls_input_init(&in, source.fd, "in", 0, NULL);
    cls_output_init(&out, sink.fd, "out", NULL);
    cls_move_prepare(&in, &out, &plain, NULL);
    for (size_t pos = 0, n; pos < content.len; pos += n) {
        n = 1 + pos * 7 % 1500;
        if (n > content.len - pos)
            n = content.len - pos;
        CHECK(cls_output_write(&out, "head", 4, &err) && cls_move(&in, &out, n, "data", &err));
        put_text(&wanted, "head");
        put_raw(&wanted, content.p + pos, n);
    }
    CHECK(cls_output_finish(&out, &err));
    CHECK_INT(out.moved, content.len);
    sink_finish(&sink);
    CHECK_BYTES(sink.got.p, sink.got.len, &wanted);
    source_close(&source);
    sink_free(&sink);
    cls_input_release(&in);
    cls_output_release(&out);
    bytes_free(&wanted);
    bytes_free(&content);
}

/* Moves the content into a sparse file between head and tail, and compares the file. */
static void check_sparse(struct bytes *content, const char *head, const char *tail)
{
    struct bytes wanted = {0}, got = {0};
    const struct cls_move_options sparse = {.sparse = true};
    struct source source;
    struct scratch dir;
    struct cls_input in;
    struct cls_output out;
    struct cls_error err;
    struct stat st;
    int fd;

    scratch_make(&dir);
    fd = open(scratch_path(&dir, "out"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    source_open(&source, END_SOCKET, content, false);
    cls_input_init(&in, source.fd, "in", 0, NULL);
    cls_output_init(&out, fd, "out", NULL);
    cls_move_prepare(&in, &out, &sparse, NULL);
    CHECK(cls_output_write(&out, head, strlen(head), &err) &&
          cls_move(&in, &out, content->len, "data", &err));
    CHECK(cls_output_write(&out, tail, strlen(tail), &err) && cls_output_finish(&out, &err));
    CHECK(fstat(fd, &st) == 0);
    CHECK_THAT(st.st_blocks * 512 < 60000, "%lld bytes are allocated", st.st_blocks * 512LL);
    close(fd);
    put_text(&wanted, head);
    put_bytes(&wanted, content);
    put_text(&wanted, tail);
    CHECK(read_file(dir.path, &got));
    CHECK_BYTES(got.p, got.len, &wanted);
    source_close(&source);
    scratch_remove(&dir);
    cls_input_release(&in);
    cls_output_release(&out);
    bytes_free(&got);
    bytes_free(&wanted);
}

/* Data, zeros, data, zeros. The zeros cover whole blocks of the file, but come in parts. */
static void holes_for_zeros(void)
{
    struct bytes content = {0};

    put_pattern(&content, 10000);
    put_fill(&content, 0, 3 << 20);
    put_pattern(&content, 5000);
    put_fill(&content, 0, 700000);
    check_sparse(&content, "head", "tail");
    bytes_free(&content);
}

/* A file that ends with a hole has its full size. */
static void a_hole_at_the_end(void)
{
    struct bytes content = {0};

    put_fill(&content, 0, 1 << 20);
    check_sparse(&content, "", "");
    put_pattern(&content, 8192);
    put_fill(&content, 0, 4096);
    check_sparse(&content, "", "");
    bytes_free(&content);
}

#define PIECE ((size_t)4 * 1024 * 1024)

/* Moves so many pieces into a new file of the directory. Returns its fd. */
static int grow_file(struct scratch *dir, unsigned pieces)
{
    int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    int fd = open(scratch_path(dir, "out"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct cls_input in;
    struct cls_output out;
    struct cls_error err;

    cls_input_init(&in, zeros, "in", 0, NULL);
    cls_output_init(&out, fd, "out", NULL);
    cls_move_prepare(&in, &out, &plain, NULL);
    for (unsigned i = 0; i < pieces; i++)
        CHECK(cls_move(&in, &out, PIECE, "data", &err));
    CHECK(cls_output_finish(&out, &err));
    CHECK_INT(out.moved, pieces * PIECE);
    cls_input_release(&in);
    cls_output_release(&out);
    close(zeros);
    return fd;
}

static bool in_cache(int fd, size_t offset)
{
    unsigned char resident = 0;
    void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)offset);

    must(map != MAP_FAILED && mincore(map, 4096, &resident) == 0, "mincore");
    munmap(map, 4096);
    return resident & 1;
}

/* Files on tmpfs always stay in memory. */
static bool can_leave_cache(int fd)
{
    return fsync(fd) == 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0 && !in_cache(fd, 0);
}

static void large_outputs_leave_the_cache(void)
{
    struct scratch dir;
    int fd;

    scratch_make(&dir);
    fd = grow_file(&dir, 40); /* 160 MiB: two windows and a half */
    CHECK(in_cache(fd, 0));
    if (can_leave_cache(fd)) {
        close(fd);
        small_memory(16384); /* 64 MiB */
        fd = grow_file(&dir, 40);
        small_memory(0);
        CHECK(!in_cache(fd, 0));
        CHECK(!in_cache(fd, 60 * 1024 * 1024));
        CHECK(in_cache(fd, 150 * 1024 * 1024)); /* the last windows stay */
    }
    close(fd);
    scratch_remove(&dir);
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
}

static void set_alarm(suseconds_t interval)
{
    struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */
    struct itimerval timer = {{0, interval}, {0, interval}};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void signals_interrupt_nothing(void)
{
    set_alarm(200);
    check_all_moves(false, 0);
    check_all_moves(true, 24);
    set_alarm(0);
}

CU_TestInfo move_tests[] = {
    {"every pair of ends", every_pair_of_ends},
    {"every pair of non-blocking ends", every_pair_of_nonblocking_ends},
    {"peeked bytes are moved first", peeked_bytes_are_moved_first},
    {"moves within what was peeked", moves_within_what_was_peeked},
    {"truncated moves", truncated_moves},
    {"failed writes", failed_writes},
    {"a file opened for appending", a_file_opened_for_appending},
    {"many small moves", many_small_moves},
    {"holes for zeros", holes_for_zeros},
    {"a hole at the end", a_hole_at_the_end},
    {"large outputs leave the cache", large_outputs_leave_the_cache},
    {"signals interrupt nothing", signals_interrupt_nothing},
    CU_TEST_INFO_NULL,
};
