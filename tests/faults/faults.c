#include "faults.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum hit { NO_HIT, HIT_FAIL, HIT_SHORT, HIT_FLIP, HIT_BEFORE, HIT_AFTER, HIT_PROBE, HIT_EXIT };

static struct {
    const char *call; /* NULL: no fault is planned, or not initialised yet */
    const char *file; /* only calls on this file count; NULL: all */
    int fd;           /* that of the file, while it is open */
    long nth, times;
    enum hit kind;
    int number; /* errno or signal */
    bool no_tmpfile;
    const char *landlock;
} plan = {.fd = -1};

/*
 * If there is a report, it is mapped and shared by all descendants of the process. The mapping
 * also works in the sandbox, where the report's fd is closed.
 */
static struct {
    _Atomic long count, used;
    char report[FAULTS_REPORT_SIZE];
} * shared;

static long live;

/* The real functions, for calls that must not be counted. */
static long raw(long nr, long a, long b, long c, long d, long e, long f)
{
    static long (*real)(long, ...);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    return real(nr, a, b, c, d, e, f);
}

void faults_report(const char *fmt, ...)
{
    char line[128];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    if (shared && n < (int)sizeof(line)) {
        long at = atomic_fetch_add(&shared->used, n);

        if (at + n <= FAULTS_REPORT_SIZE)
            memcpy(shared->report + at, line, (size_t)n);
    }
}

static long number_from_env(const char *name, long otherwise)
{
    const char *value = getenv(name);

    return value ? strtol(value, NULL, 10) : otherwise;
}

static void parse_kind(const char *kind)
{
    static const struct {
        const char *prefix;
        enum hit kind;
    } kinds[] = {{"short", HIT_SHORT},  {"flip", HIT_FLIP},   {"before:", HIT_BEFORE},
                 {"after:", HIT_AFTER}, {"probe", HIT_PROBE}, {"exit:", HIT_EXIT},
                 {"", HIT_FAIL}};
    size_t i = 0, n;

    while (n = strlen(kinds[i].prefix), strncmp(kind, kinds[i].prefix, n) != 0)
        i++;
    plan.kind = kinds[i].kind;
    plan.number = (int)strtol(kind + n, NULL, 10);
}

static void share(int fd)
{
    void *map = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                     fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

    shared = map == MAP_FAILED ? NULL : map;
}

__attribute__((constructor)) static void start(void)
{
    const char *kind = getenv("FAULT_KIND");

    plan.no_tmpfile = getenv("FAULT_NO_TMPFILE");
    plan.landlock = getenv("FAULT_LANDLOCK");
    plan.file = getenv("FAULT_FILE");
    plan.fd = (int)number_from_env("FAULT_FD", -1);
    if (plan.fd >= 0)
        plan.file = "";
    share((int)number_from_env("FAULT_REPORT", -1));
    plan.nth = number_from_env("FAULT_NTH", 1);
    plan.times = number_from_env("FAULT_TIMES", 1);
    if (kind)
        parse_kind(kind);
    live = 0;
    plan.call = getenv("FAULT_CALL");
}

__attribute__((destructor)) static void finish(void)
{
    if (plan.call)
        faults_report("live %ld\n", live);
}

static void hit_by_signal(void)
{
    int saved = errno;

    /* Not kill(): the sandbox does not allow it. */
    raw(SYS_tgkill, raw(SYS_getpid, 0, 0, 0, 0, 0, 0), raw(SYS_gettid, 0, 0, 0, 0, 0, 0),
        plan.number, 0, 0, 0);
    errno = saved;
}

/* Must be called first by each interposed function. HIT_FAIL: errno is set, return an error. */
static enum hit begin(const char *call)
{
    long count;

    if (!plan.call || !shared || strcmp(call, plan.call) != 0)
        return NO_HIT;
    count = atomic_fetch_add(&shared->count, 1) + 1;
    if (count < plan.nth || (plan.times && count >= plan.nth + plan.times))
        return NO_HIT;
    faults_report("fired\n");
    if (plan.kind == HIT_BEFORE)
        hit_by_signal();
    else if (plan.kind == HIT_PROBE)
        faults_probe();
    else if (plan.kind == HIT_EXIT)
        _exit(plan.number);
    else if (plan.kind == HIT_FAIL)
        errno = plan.number;
    return plan.kind;
}

static long end(enum hit hit, long result)
{
    if (hit == HIT_AFTER)
        hit_by_signal();
    return result;
}

/* For functions that are a plain system call. */
static long through(const char *call, long nr, long a, long b, long c, long d, long e, long f)
{
    enum hit hit = begin(call);

    return hit == HIT_FAIL ? -1 : end(hit, raw(nr, a, b, c, d, e, f));
}

/* Simulates a faulty disk or memory. Without a byte to flip, the call does not count. */
static ssize_t read_flipped(int fd, uint8_t *buf, size_t n)
{
    ssize_t got = raw(SYS_read, fd, (long)buf, (long)n, 0, 0, 0);

    if (got > 0)
        buf[0] ^= 1;
    return got;
}

static ssize_t write_flipped(int fd, const uint8_t *buf, size_t n)
{
    uint8_t first;

    if (n == 0)
        return 0;
    first = buf[0] ^ 1;
    return raw(SYS_write, fd, (long)&first, 1, 0, 0, 0);
}

/* For system calls that transfer c bytes, or e bytes for splice(). */
static long transfer(const char *call, long nr, long a, long b, size_t c, long d, size_t e, long f)
{
    enum hit hit = plan.file && plan.fd != (int)a ? NO_HIT : begin(call);

    if (hit == HIT_FAIL)
        return -1;
    if (hit == HIT_FLIP)
        return nr == SYS_write ? write_flipped((int)a, (const uint8_t *)b, c)
                               : read_flipped((int)a, (uint8_t *)b, c);
    if (hit == HIT_SHORT && c > 1)
        c = 1;
    if (hit == HIT_SHORT && e > 1)
        e = 1;
    return end(hit, raw(nr, a, b, (long)c, d, (long)e, f));
}

ssize_t read(int fd, void *buf, size_t n)
{
    return transfer("read", SYS_read, fd, (long)buf, n, 0, 0, 0);
}

ssize_t pread64(int fd, void *buf, size_t n, off64_t at)
{
    return transfer("pread", SYS_pread64, fd, (long)buf, n, at, 0, 0);
}

ssize_t pread(int fd, void *buf, size_t n, off_t at)
{
    return pread64(fd, buf, n, at);
}

ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t at)
{
    return transfer("pwrite", SYS_pwrite64, fd, (long)buf, n, at, 0, 0);
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t at)
{
    return pwrite64(fd, buf, n, at);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t n)
{
    return (int)through("fallocate", SYS_fallocate, fd, mode, offset, n, 0, 0);
}

int fallocate(int fd, int mode, off_t offset, off_t n)
{
    return fallocate64(fd, mode, offset, n);
}

ssize_t write(int fd, const void *buf, size_t n)
{
    return transfer("write", SYS_write, fd, (long)buf, n, 0, 0, 0);
}

ssize_t splice(int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned flags)
{
    enum hit hit = begin("splice");

    if (hit == HIT_FAIL)
        return -1;
    if (hit == HIT_SHORT)
        n = 1;
    return end(hit, raw(SYS_splice, in, (long)in_at, out, (long)out_at, (long)n, flags));
}

int fsync(int fd)
{
    return (int)through("fsync", SYS_fsync, fd, 0, 0, 0, 0, 0);
}

int fdatasync(int fd)
{
    return (int)through("fdatasync", SYS_fdatasync, fd, 0, 0, 0, 0, 0);
}

/* The fd is closed also if close() fails. */
int close(int fd)
{
    enum hit hit = begin("close");
    int result = (int)raw(SYS_close, fd, 0, 0, 0, 0, 0);

    if (hit == HIT_FAIL)
        errno = plan.number;
    return hit == HIT_FAIL ? -1 : (int)end(hit, result);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    return (int)through("linkat", SYS_linkat, from_dir, (long)from, to_dir, (long)to, flags, 0);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return (int)through("renameat", SYS_renameat2, from_dir, (long)from, to_dir, (long)to, 0, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    return (int)through("renameat2", SYS_renameat2, from_dir, (long)from, to_dir, (long)to, flags,
                        0);
}

int unlinkat(int dir, const char *name, int flags)
{
    return (int)through("unlinkat", SYS_unlinkat, dir, (long)name, flags, 0, 0, 0);
}

int flock(int fd, int operation)
{
    return (int)through("flock", SYS_flock, fd, operation, 0, 0, 0, 0);
}

int fchown(int fd, uid_t uid, gid_t gid)
{
    return (int)through("fchown", SYS_fchown, fd, (long)uid, (long)gid, 0, 0, 0);
}

int fchmod(int fd, mode_t mode)
{
    return (int)through("fchmod", SYS_fchmod, fd, mode, 0, 0, 0, 0);
}

off64_t lseek64(int fd, off64_t offset, int whence)
{
    return through("lseek", SYS_lseek, fd, offset, whence, 0, 0, 0);
}

off_t lseek(int fd, off_t offset, int whence)
{
    return lseek64(fd, offset, whence);
}

/* Whether calls on this file count. */
static bool is_the_file(const char *path)
{
    const char *slash = strrchr(path, '/');

    return !plan.file || strcmp(slash ? slash + 1 : path, plan.file) == 0;
}

static int note_open(int fd)
{
    if (plan.file && fd >= 0)
        plan.fd = fd;
    return fd;
}

/* The program opens only outputs and temporary files by openat(). */
int openat64(int dir, const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = va_arg(args, mode_t);
    va_end(args);
    if (plan.no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    if (!is_the_file(path))
        return (int)raw(SYS_openat, dir, (long)path, flags, mode, 0, 0);
    return note_open((int)through("openat", SYS_openat, dir, (long)path, flags, mode, 0, 0));
}

int openat(int dir, const char *path, int flags, ...) __attribute__((alias("openat64")));

/* The program opens inputs, directories, and pipes or devices as output by open(). */
int open64(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = va_arg(args, mode_t);
    va_end(args);
    if (!is_the_file(path))
        return (int)raw(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
    return note_open((int)through("open", SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0));
}

int open(const char *path, int flags, ...) __attribute__((alias("open64")));

/* The C library's names of these functions in fortified programs. */
int __open64_2(const char *path, int flags);
int __open_2(const char *path, int flags) __attribute__((alias("__open64_2")));

int __open64_2(const char *path, int flags)
{
    return open64(path, flags, 0);
}

int pipe2(int fds[2], int flags)
{
    return (int)through("pipe2", SYS_pipe2, (long)fds, flags, 0, 0, 0, 0);
}

pid_t fork(void)
{
    static pid_t (*real)(void);
    enum hit hit = begin("fork");

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fork");
    return hit == HIT_FAIL ? -1 : (pid_t)end(hit, real());
}

int fstat64(int fd, struct stat64 *st)
{
    static int (*real)(int, struct stat64 *);
    enum hit hit = begin("fstat");

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fstat64");
    return hit == HIT_FAIL ? -1 : (int)end(hit, real(fd, st));
}

struct dirent64 *readdir64(DIR *dir)
{
    static struct dirent64 *(*real)(DIR *);

    if (begin("readdir") == HIT_FAIL)
        return NULL;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "readdir64");
    return real(dir);
}

long syscall(long nr, ...)
{
    long a[6];
    va_list args;

    va_start(args, nr);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (nr == SYS_landlock_create_ruleset && a[0] == 0 && plan.landlock) {
        errno = ENOSYS;
        return strtol(plan.landlock, NULL, 10) > 0 ? strtol(plan.landlock, NULL, 10) : -1;
    }
    /* The program calls fstat() by syscall(). */
    return through(nr == SYS_fstat ? "fstat" : "syscall", nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Allocations. AddressSanitizer's functions precede these, so with it they are never called. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void __libc_free(void *block);

static void *allocated(void *block)
{
    live += block != NULL;
    return block;
}

void *malloc(size_t size)
{
    return begin("malloc") == HIT_FAIL ? NULL : allocated(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
    return begin("malloc") == HIT_FAIL ? NULL : allocated(__libc_calloc(n, size));
}

void *realloc(void *old, size_t size)
{
    void *block = begin("malloc") == HIT_FAIL ? NULL : __libc_realloc(old, size);

    return old ? block : allocated(block);
}

void free(void *block)
{
    live -= block != NULL;
    __libc_free(block);
}
