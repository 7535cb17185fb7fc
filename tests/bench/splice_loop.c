/*
 * splice_loop [-b|-k] IN|- OUT|-
 *
 * Moves the bytes at the lowest cost: copy_file_range between files, splice if one end is a pipe.
 * The data is not examined. Pipes are enlarged to 1 MiB if permitted, but not with -k, which is
 * for a feeder: it should not give the measured command a larger pipe. -b reads and writes the
 * headers of batches, as each converter must, and only splices the page data.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_SIZE (1024 * 1024)
#define FILE_STEP ((size_t)1 << 30)
#define HEADER    8192              /* a full batch: 1024 entries, */
#define BATCH     (4 * 1024 * 1024) /* 1024 pages */

static bool is_pipe(int fd, bool keep)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
        return false;
    if (!keep)
        (void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE); /* errors are ignored: only slower */
    return true;
}

/* Returns the bytes copied, fewer at the end of the input; -1 for an error. */
static ssize_t copy_header(int in, int out)
{
    static char header[HEADER];
    ssize_t n = 0, r;

    while (n < HEADER && (r = read(in, header + n, HEADER - (size_t)n)) != 0) {
        if (r < 0)
            return -1;
        n += r;
    }
    return write(out, header, (size_t)n) == n ? n : -1;
}

static bool copy_batches(int in, int out)
{
    ssize_t r;

    while ((r = copy_header(in, out)) == HEADER)
        for (size_t left = BATCH; left > 0; left -= (size_t)r) {
            r = splice(in, NULL, out, NULL, left < PIPE_SIZE ? left : PIPE_SIZE, SPLICE_F_MOVE);
            if (r <= 0)
                return r == 0;
        }
    return r >= 0;
}

static bool copy(int in, int out, bool piped)
{
    ssize_t r;

    do
        r = piped ? splice(in, NULL, out, NULL, PIPE_SIZE, SPLICE_F_MOVE)
                  : copy_file_range(in, NULL, out, NULL, FILE_STEP, 0);
    while (r > 0);
    return r == 0;
}

int main(int argc, char **argv)
{
    bool keep = argc > 1 && strcmp(argv[1], "-k") == 0;
    bool batches = argc > 1 && strcmp(argv[1], "-b") == 0, piped;
    int in, out;

    argv += keep || batches;
    if (argc - (keep || batches) != 3) {
        fputs("usage: splice_loop [-b|-k] IN|- OUT|-\n", stderr);
        return 2;
    }
    in = strcmp(argv[1], "-") == 0 ? 0 : open(argv[1], O_RDONLY);
    out = strcmp(argv[2], "-") == 0 ? 1 : open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in < 0 || out < 0) {
        perror("splice_loop");
        return 3;
    }
    piped = is_pipe(in, keep);
    piped = is_pipe(out, keep) || piped;
    if (!(batches ? copy_batches(in, out) : copy(in, out, piped))) {
        perror("splice_loop");
        return 3;
    }
    return 0;
}
