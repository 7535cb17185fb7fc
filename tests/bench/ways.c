/*
 * ways WAY SAVE OUT [fallocate]
 *
 * Moves the bytes of a save from file to file as the converter does, batch by batch with new
 * headers between the page data, in one of the ways that were considered for it. The data is not
 * examined. launch.c measures. Sizes of headers and data are those of a 64-bit HVM save.
 *
 *     loop-SIZE     read and write, SIZE in KiB
 *     copy_file_range, sendfile
 *     splice-pipe   splice through a pipe of 1 MiB
 *     stage         the same for headers and data; the file is written in whole blocks of 64 KiB
 *     mmap-out      read into a mapping of the output
 *     mmap-in       write from a mapping of the input
 *     threads       two threads: each reads and writes half of the save, 256 KiB at a time
 *     uring         io_uring: linked reads and writes, 8 of 256 KiB at a time
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#if __has_include(<liburing.h>)
#include <liburing.h>
#define HAVE_URING 1
#endif

#define HEAD       8196 /* chunk id and 1024 pfns */
#define NEW_HEAD   8216
#define DATA       ((size_t)4 * 1024 * 1024)
#define PIPE_SIZE  (1024 * 1024)
#define BLOCK      (64 * 1024)
#define STEP       ((size_t)256 * 1024)
#define URING_STEP 8

static int in, out, pipe_fds[2];
static size_t staged, loop_size = STEP;
static uint64_t in_at, out_at, size;
static char *buf, *map;

static void check(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(3);
    }
}

static void need(ssize_t got, size_t wanted, const char *what)
{
    check(got >= 0 && (size_t)got == wanted, what);
}

static void move_loop(size_t n)
{
    for (size_t step; n > 0; n -= step) {
        step = n < loop_size ? n : loop_size;
        need(read(in, buf, step), step, "read");
        need(write(out, buf, step), step, "write");
    }
}

static void move_copy_file_range(size_t n)
{
    for (ssize_t r; n > 0; n -= (size_t)r)
        check((r = copy_file_range(in, NULL, out, NULL, n, 0)) > 0, "copy_file_range");
}

static void move_sendfile(size_t n)
{
    for (ssize_t r; n > 0; n -= (size_t)r)
        check((r = sendfile(out, in, NULL, n)) > 0, "sendfile");
}

static void drain(size_t keep)
{
    for (ssize_t w; staged > keep; staged -= (size_t)w)
        check((w = splice(pipe_fds[0], NULL, out, NULL, staged - keep, 0)) > 0, "splice out");
}

static void move_pipe(size_t n, bool blocks)
{
    for (ssize_t r; n > 0; n -= (size_t)r) {
        check((r = splice(in, NULL, pipe_fds[1], NULL, n, SPLICE_F_NONBLOCK)) > 0, "splice in");
        staged += (size_t)r;
        out_at += (size_t)r;
        drain(!blocks ? 0 : out_at % BLOCK < staged ? out_at % BLOCK : staged);
    }
}

static void move_splice_pipe(size_t n)
{
    move_pipe(n, false);
}

static void move_stage(size_t n)
{
    move_pipe(n, true);
}

static void move_mmap_out(size_t n)
{
    need(pread(in, map + out_at, n, lseek(in, 0, SEEK_CUR)), n, "pread");
    lseek(in, (off_t)n, SEEK_CUR);
    out_at += n;
}

static void move_mmap_in(size_t n)
{
    size_t at = (size_t)lseek(in, (off_t)n, SEEK_CUR) - n;

    need(write(out, map + at, n), n, "write");
}

/* Writes the next n bytes of the output. */
static void put(const char *bytes, size_t n, void (*move)(size_t n))
{
    if (move == move_mmap_out) {
        memcpy(map + out_at, bytes, n);
        out_at += n;
    } else if (move == move_stage) {
        need(write(pipe_fds[1], bytes, n), n, "write");
        staged += n;
        out_at += n;
    } else {
        need(write(out, bytes, n), n, "write");
    }
}

static void by_batches(void (*move)(size_t n))
{
    static char head[NEW_HEAD];

    while (in_at + HEAD < size) {
        uint64_t left = size - in_at - HEAD;
        size_t n = left < DATA ? (size_t)left : DATA;

        need(read(in, head, 4), 4, "read");
        need(read(in, head + 4, HEAD - 4), HEAD - 4, "read");
        put(head, NEW_HEAD, move);
        move(n);
        in_at += HEAD + n;
    }
    drain(0);
}

/* Copies one half of the batches, by a thread: their offsets are known in advance. */
static void *half(void *arg)
{
    uint64_t batches = (size - 1) / (HEAD + DATA) + 1, i = arg ? batches / 2 : 0;
    uint64_t end = arg ? batches : batches / 2;
    char *own = malloc(STEP);

    for (; i < end; i++) {
        uint64_t from = i * (HEAD + DATA), to = i * (NEW_HEAD + DATA), left = size - from;
        size_t n = left < HEAD + DATA ? (size_t)left : HEAD + DATA;

        for (size_t done = 0, step; done < n; done += step) {
            step = n - done < STEP ? n - done : STEP;
            need(pread(in, own, step, (off_t)(from + done)), step, "pread");
            need(pwrite(out, own, step, (off_t)(to + done)), step, "pwrite");
        }
    }
    free(own);
    return NULL;
}

static void threads(void)
{
    pthread_t other;
    char second;

    check(pthread_create(&other, NULL, half, &second) == 0, "pthread_create");
    half(NULL);
    pthread_join(other, NULL);
}

#ifdef HAVE_URING
static void uring(void)
{
    struct io_uring ring;
    uint64_t at = 0;

    check(io_uring_queue_init(2 * URING_STEP, &ring, 0) == 0, "io_uring");
    while (at < size) {
        unsigned waiting = 0;

        for (int i = 0; i < URING_STEP && at < size; i++) {
            unsigned n = size - at < STEP ? (unsigned)(size - at) : (unsigned)STEP;
            char *own = buf + (size_t)i * STEP;
            struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

            io_uring_prep_read(sqe, in, own, n, at);
            sqe->flags |= IOSQE_IO_LINK;
            io_uring_prep_write(io_uring_get_sqe(&ring), out, own, n, at + 20);
            at += n;
            waiting += 2;
        }
        check(io_uring_submit_and_wait(&ring, waiting) >= 0, "io_uring_submit_and_wait");
        for (struct io_uring_cqe *cqe; waiting > 0; waiting--) {
            check(io_uring_wait_cqe(&ring, &cqe) == 0 && cqe->res > 0, "io_uring_wait_cqe");
            io_uring_cqe_seen(&ring, cqe);
        }
    }
    io_uring_queue_exit(&ring);
}
#endif

static void run(const char *way)
{
    if (sscanf(way, "loop-%zu", &loop_size) == 1) {
        loop_size *= 1024;
        by_batches(move_loop);
    } else if (strcmp(way, "copy_file_range") == 0) {
        by_batches(move_copy_file_range);
    } else if (strcmp(way, "sendfile") == 0) {
        by_batches(move_sendfile);
    } else if (strcmp(way, "splice-pipe") == 0) {
        by_batches(move_splice_pipe);
    } else if (strcmp(way, "stage") == 0) {
        by_batches(move_stage);
    } else if (strcmp(way, "mmap-out") == 0) {
        check(ftruncate(out, (off_t)(size + size / 512)) == 0, "ftruncate");
        map = mmap(NULL, size + size / 512, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
        check(map != MAP_FAILED, "mmap");
        by_batches(move_mmap_out);
        check(ftruncate(out, (off_t)out_at) == 0, "ftruncate");
    } else if (strcmp(way, "mmap-in") == 0) {
        map = mmap(NULL, size, PROT_READ, MAP_SHARED, in, 0);
        check(map != MAP_FAILED, "mmap");
        by_batches(move_mmap_in);
    } else if (strcmp(way, "threads") == 0) {
        threads();
#ifdef HAVE_URING
    } else if (strcmp(way, "uring") == 0) {
        uring();
#endif
    } else {
        fprintf(stderr, "ways: no way %s\n", way);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct stat st;

    if (argc < 4) {
        fputs("usage: ways WAY SAVE OUT [fallocate]\n", stderr);
        return 2;
    }
    check((in = open(argv[2], O_RDONLY)) >= 0 && fstat(in, &st) == 0, argv[2]);
    check((out = open(argv[3], O_RDWR | O_CREAT | O_TRUNC, 0600)) >= 0, argv[3]);
    size = (uint64_t)st.st_size;
    check(pipe(pipe_fds) == 0 && fcntl(pipe_fds[0], F_SETPIPE_SZ, PIPE_SIZE) > 0, "pipe");
    check((buf = malloc(DATA)) != NULL, "malloc");
    if (argc > 4)
        check(fallocate(out, 0, 0, st.st_size) == 0, "fallocate");
    run(argv[1]);
    return 0;
}
