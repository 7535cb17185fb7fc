#include "decompress.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/sandbox.h"
#include "envelope/compression.h"
#include "hold_signals.h"

#define PIPE_SIZE  (1024 * 1024)
#define SHOWN_SIZE 160

/* Memory of the program, in bytes. Usual window sizes need far less. */
#define MEMORY_MAX ((rlim_t)1024 * 1024 * 1024)

/* In the new process; parent: the one that started it. Returns only if it fails. */
static void become(const struct decompress *d, int in, int out, pid_t parent)
{
    const struct rlimit memory = {.rlim_cur = MEMORY_MAX, .rlim_max = MEMORY_MAX};
    char uncompress[] = "-dc", *argv[] = {(char *)(uintptr_t)d->program, uncompress, NULL};

    set_signals(SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it was killed before */
        _exit(CLS_SYSTEM);
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(d->messages, STDERR_FILENO) < 0)
        return;
    fds_keep_only((const int[]){-1}, 1);
    if (setrlimit(RLIMIT_AS, &memory) == 0 && sandbox_enter_reader())
        execvp(d->program, argv);
}

/* Its standard input and output are in and out; it inherits no other fd. Returns an errno value. */
static int spawn(struct decompress *d, int in, int out)
{
    volatile int failed = 0; /* the new process shares our memory until it executes the program */
    const pid_t parent = getpid();
    sigset_t old;

    hold_signals(&old);
    d->pid = vfork(); /* NOLINT(clang-analyzer-*): quick however much is mapped */
    if (d->pid == 0) {
        become(d, in, out, parent); /* NOLINT(clang-analyzer-unix.Vfork): signal-safe calls */
        failed = errno;             /* NOLINT(clang-analyzer-unix.Vfork): the parent reads it */
        _exit(CLS_SYSTEM);
    }
    release_signals(&old);
    if (d->pid > 0 && failed)
        (void)waitpid(d->pid, NULL, 0);
    return d->pid < 0 ? errno : failed;
}

static bool start(struct decompress *d, int file, const struct compression *compression,
                  const char *name, struct cls_error *err)
{
    int ends[2], rc;

    d->program = compression->program;
    d->messages = memfd_create("messages", MFD_CLOEXEC);
    if (d->messages < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return cls_fail_errno(err, errno, "cannot read %s", name);
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE); /* fewer context switches */
    rc = spawn(d, file, ends[1]);
    close(ends[1]);
    d->fd = ends[0];
    if (rc == 0)
        return true;
    close(ends[0]);
    d->pid = 0;
    if (rc == ENOENT)
        return cls_fail(err, CLS_SYSTEM,
                        "%s is compressed with %s, which is not installed (package %s)", name,
                        compression->program, compression->package);
    return cls_fail_errno(err, rc, "cannot start %s to read %s", compression->program, name);
}

bool decompress_start(struct decompress *d, int file, const char *name, struct cls_error *err)
{
    const struct compression *compression;
    uint8_t b[COMPRESSION_PEEK];
    ssize_t n;

    do
        n = pread(file, b, sizeof(b), 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return cls_fail_errno(err, errno, "cannot read %s", name);
    compression = compression_find(b, (size_t)n);
    return !compression || start(d, file, compression, name, err);
}

/* The first line that the program printed; gzip and bzip2 begin with empty lines. */
static void first_message(const struct decompress *d, char *buf, size_t size)
{
    ssize_t n = pread(d->messages, buf, size - 1, 0);
    size_t start;

    buf[n > 0 ? n : 0] = '\0';
    start = strspn(buf, "\n");
    memmove(buf, buf + start, strlen(buf) - start + 1);
    buf[strcspn(buf, "\n")] = '\0';
}

static bool failed(struct decompress *d, const char *name, uint64_t offset, int status,
                   struct cls_error *err)
{
    const struct cls_input in = {.place = "compressed file", .place_nr = -1};
    char message[SHOWN_SIZE];

    if (WIFSIGNALED(status))
        return cls_fail(err, CLS_SYSTEM, "%s, decompressing %s, was killed by signal %d",
                        d->program, name, WTERMSIG(status));
    d->failed = true;
    first_message(d, message, sizeof(message));
    return cls_input_fail(&in, err, offset, "%s cannot decompress it (exit status %d)%s%s",
                          d->program, WEXITSTATUS(status), *message ? ": " : "", message);
}

bool decompress_finish(struct decompress *d, const char *name, uint64_t offset,
                       struct cls_error *err)
{
    int status = decompress_end(d, !d->ended);

    return !d->ended || status == 0 || failed(d, name, offset, status, err);
}

int decompress_end(struct decompress *d, bool now)
{
    int status = 0;

    if (now)
        (void)kill(d->pid, SIGKILL); /* refused in the sandbox, where the closed pipe ends it */
    while (waitpid(d->pid, &status, 0) < 0 && errno == EINTR)
        ;
    d->pid = 0;
    return status;
}
