/*
 * splice_loop [-k] IN|- OUT|-
 *
 * Moves the bytes at the lowest cost: copy_file_range between files, splice if one end is a pipe.
 * The data is not examined. Pipes are enlarged to 1 MiB if permitted, but not with -k, which is
 * for a feeder: it should not give the measured command a larger pipe.
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

static bool is_pipe(int fd, bool keep)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
        return false;
    if (!keep)
        (void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE); /* errors are ignored: only slower */
    return true;
}

int main(int argc, char **argv)
{
    bool keep = argc > 1 && strcmp(argv[1], "-k") == 0, piped;
    int in, out;
    ssize_t r;

    argv += keep;
    if (argc - keep != 3) {
        fputs("usage: splice_loop [-k] IN|- OUT|-\n", stderr);
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
    do
        r = piped ? splice(in, NULL, out, NULL, PIPE_SIZE, SPLICE_F_MOVE)
                  : copy_file_range(in, NULL, out, NULL, FILE_STEP, 0);
    while (r > 0);
    if (r < 0) {
        perror("splice_loop");
        return 3;
    }
    return 0;
}
