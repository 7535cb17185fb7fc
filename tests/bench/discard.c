/*
 * discard read|splice
 *
 * Reads all of standard input and prints its size in bytes on standard error. read: into memory,
 * 1 MiB at a time, as a restore does. splice: into /dev/null, so that the reader uses almost no
 * CPU time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STEP (1024 * 1024)

int main(int argc, char **argv)
{
    static char buf[STEP];
    int by_splice = argc == 2 && strcmp(argv[1], "splice") == 0;
    int null = by_splice ? open("/dev/null", O_WRONLY) : -1;
    long long total = 0;
    ssize_t r;

    if (argc != 2 || (!by_splice && strcmp(argv[1], "read") != 0)) {
        fputs("usage: discard read|splice\n", stderr);
        return 2;
    }
    while ((r = by_splice ? splice(0, NULL, null, NULL, STEP, 0) : read(0, buf, STEP)) > 0)
        total += r;
    if (r < 0) {
        perror("discard");
        return 3;
    }
    fprintf(stderr, "discarded %lld\n", total);
    return 0;
}
