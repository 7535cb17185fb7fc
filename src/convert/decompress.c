#include "decompress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "envelope/compression.h"
#include "leftover.h"

#define PIPE_SIZE   (1024 * 1024)
#define DRAIN_SIZE  65536
#define SHOWN_SIZE  160
#define FIRST_EXTRA 3 /* the first fd that the program has no use for */

extern char **environ;

static int close_extra(posix_spawn_file_actions_t *actions)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
    return posix_spawn_file_actions_addclosefrom_np(actions, FIRST_EXTRA);
#else
    /* musl and older glibcs have no such action. Our own fds may be marked: nothing else is ever
     * executed. */
    (void)actions;
    (void)syscall(SYS_close_range, FIRST_EXTRA, ~0u, 1u << 2 /* CLOSE_RANGE_CLOEXEC */);
    return 0;
#endif
}

/* The file and our end of the pipe are its standard input and output; nothing else is handed on. */
static int spawn(struct decompress *d, int in, int out)
{
    char uncompress[] = "-dc", *argv[] = {(char *)(uintptr_t)d->program, uncompress, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t defaults;
    int rc;

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE); /* by which it is to end, and which we ignore */
    sigaddset(&defaults, SIGXFSZ);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_init(&actions);
    rc = posix_spawnattr_setsigdefault(&attr, &defaults);
    rc = rc ? rc : posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(&actions, d->messages, STDERR_FILENO);
    rc = rc ? rc : close_extra(&actions);
    rc = rc ? rc : posix_spawnp(&d->pid, d->program, &actions, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return rc;
}

static bool start(struct decompress *d, int *fd, const struct compression *compression,
                  const char *name, struct cls_error *err)
{
    int ends[2], rc;

    d->program = compression->program;
    d->messages = memfd_create("messages", MFD_CLOEXEC);
    if (d->messages < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return cls_fail_errno(err, errno, "cannot read %s", name);
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE); /* fewer turns; as good without */
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);  /* as we ourselves will do in the sandbox */
    rc = spawn(d, *fd, ends[1]);
    close(ends[1]);
    d->file = *fd;
    *fd = ends[0];
    if (rc == 0)
        return true;
    close(d->file);
    d->file = -1;
    d->pid = 0;
    if (rc == ENOENT)
        return cls_fail(err, CLS_SYSTEM,
                        "%s is compressed with %s, which is not installed (package %s)", name,
                        compression->program, compression->package);
    return cls_fail_errno(err, rc, "cannot start %s to read %s", compression->program, name);
}

bool decompress_start(struct decompress *d, int *fd, const char *name, struct cls_error *err)
{
    const struct compression *compression;
    uint8_t b[COMPRESSION_LOOK];
    ssize_t n;

    do
        n = pread(*fd, b, sizeof(b), 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return cls_fail_errno(err, errno, "cannot read %s", name);
    compression = compression_find(b, (size_t)n);
    return !compression || start(d, fd, compression, name, err);
}

/* Reads what is left, or only looks whether there is any. */
static struct leftover drain(int fd, bool all)
{
    struct leftover left = {0};
    uint8_t bytes[DRAIN_SIZE];
    ssize_t n;

    do {
        n = read(fd, bytes, sizeof(bytes));
        leftover_add(&left, bytes, n > 0 ? (size_t)n : 0);
    } while ((n > 0 && all) || (n < 0 && errno == EINTR));
    return left;
}

/* The first line of what the program printed; gzip and bzip2 begin with empty ones. */
static void first_message(const struct decompress *d, char *buf, size_t size)
{
    ssize_t n = pread(d->messages, buf, size - 1, 0);
    size_t start;

    buf[n > 0 ? n : 0] = '\0';
    start = strspn(buf, "\n");
    memmove(buf, buf + start, strlen(buf) - start + 1);
    buf[strcspn(buf, "\n")] = '\0';
}

static bool failed(struct decompress *d, const struct cls_input *in, int status,
                   struct cls_error *err)
{
    char message[SHOWN_SIZE];

    if (WIFSIGNALED(status))
        return cls_fail(err, CLS_SYSTEM, "%s, which uncompresses %s, was ended by signal %d",
                        d->program, in->name, WTERMSIG(status));
    d->failed = true;
    first_message(d, message, sizeof(message));
    return cls_input_fail(in, err, in->offset, "%s could not uncompress it (exit status %d)%s%s",
                          d->program, WEXITSTATUS(status), *message ? ": " : "", message);
}

int decompress_end(struct decompress *d, int *fd)
{
    int status = 0;

    close(*fd);
    *fd = -1;
    while (waitpid(d->pid, &status, 0) < 0 && errno == EINTR)
        ;
    d->pid = 0;
    return status;
}

bool decompress_finish(struct decompress *d, int *fd, struct cls_input *in, bool anything_behind,
                       bool ok, const struct cls_log *log, struct cls_error *err)
{
    struct leftover left = drain(*fd, ok);
    bool by_itself = ok || left.size == 0; /* else it ends for want of a reader */
    int status = decompress_end(d, fd);
    char way_out[64];

    cls_input_at(in, "compressed file", -1, NULL);
    if (by_itself && status != 0)
        return failed(d, in, status, err);
    snprintf(way_out, sizeof(way_out), "%s -dc FILE | convert-legacy-stream -i -", d->program);
    return ok && (anything_behind || leftover_judge(&left, in, way_out, log, err));
}
