/*
 * launch COMMAND... [:: COMMAND...]...
 *
 * Runs the commands as a pipeline and prints a line for each:
 *
 *     exit-status wall-microseconds user-microseconds system-microseconds peak-RSS-KiB
 *
 * Wall time is measured from before the first start to the end of that command. The input of the
 * first command and the output of the last are /dev/null. This program is small and statically
 * linked, because on Linux a process inherits the peak RSS of its parent: the child of a large
 * interpreter would show at least that of the interpreter.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COMMANDS 3

extern char **environ;

struct command {
    char **argv;
    pid_t pid;
    int status;
    long long wall;
    struct rusage usage;
};

static void check(int error, const char *what)
{
    if (error) {
        fprintf(stderr, "launch: %s: %s\n", what, strerror(error));
        exit(125);
    }
}

static long long now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static long long microseconds(struct timeval t)
{
    return t.tv_sec * 1000000LL + t.tv_usec;
}

static void start(struct command *c, int in, int out)
{
    posix_spawn_file_actions_t actions;

    check(posix_spawn_file_actions_init(&actions), "file actions");
    check(posix_spawn_file_actions_adddup2(&actions, in, 0), "input");
    check(posix_spawn_file_actions_adddup2(&actions, out, 1), "output");
    check(posix_spawnp(&c->pid, c->argv[0], &actions, NULL, c->argv, environ), c->argv[0]);
    posix_spawn_file_actions_destroy(&actions);
}

int main(int argc, char **argv)
{
    struct command commands[MAX_COMMANDS] = {{.argv = argv + 1}};
    int count = 1, null = open("/dev/null", O_RDWR | O_CLOEXEC), ends[MAX_COMMANDS][2];
    long long begin;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "::") == 0) {
            argv[i] = NULL;
            if (count == MAX_COMMANDS)
                return 125;
            commands[count++].argv = argv + i + 1;
        }
    for (int i = 0; i < count; i++)
        if (!commands[i].argv[0] || null < 0 || (i > 0 && pipe2(ends[i], O_CLOEXEC) != 0)) {
            fputs("launch: a command is empty, or no fd is left\n", stderr);
            return 125;
        }

    begin = now();
    /* Start readers first, so that no writer waits for a full pipe while its reader starts. */
    for (int i = count - 1; i >= 0; i--)
        start(&commands[i], i > 0 ? ends[i][0] : null, i < count - 1 ? ends[i + 1][1] : null);
    for (int i = 1; i < count; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
    for (int left = count; left > 0; left--) {
        struct rusage usage;
        int status;
        pid_t pid = wait4(-1, &status, 0, &usage);
        long long wall = now() - begin;

        for (int i = 0; i < count; i++)
            if (commands[i].pid == pid) {
                commands[i].status =
                    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                commands[i].wall = wall;
                commands[i].usage = usage;
            }
    }
    for (int i = 0; i < count; i++) {
        struct command *c = &commands[i];

        printf("%d %lld %lld %lld %ld\n", c->status, c->wall, microseconds(c->usage.ru_utime),
               microseconds(c->usage.ru_stime), c->usage.ru_maxrss);
    }
    return 0;
}
