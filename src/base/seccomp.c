#include "seccomp.h"

#if CLS_SANDBOX

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define NATIVE_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__s390x__)
#define NATIVE_ARCH AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define NATIVE_ARCH AUDIT_ARCH_PPC64
#endif

#endif

#if CLS_SANDBOX && defined(NATIVE_ARCH)

#define HIGH_HALF (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 0 : 4)
#define LOW_HALF  (4 - HIGH_HALF)

#define RETURN(what) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, what)
#define ALLOW        RETURN(SECCOMP_RET_ALLOW)
#define REFUSE       RETURN(SECCOMP_RET_ERRNO | EPERM)
#define LOAD(field)                                                                                \
    (struct sock_filter)                                                                           \
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define LOAD_ARG(n, half)                                                                          \
    (struct sock_filter)                                                                           \
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                                                         \
                 (uint32_t)(offsetof(struct seccomp_data, args) + 8 * (n) + (half)))
#define JUMP(condition, value, if_so, else_)                                                       \
    (struct sock_filter) BPF_JUMP(BPF_JMP | (condition) | BPF_K, value, if_so, else_)

/* Conditions on the arguments. */
enum check {
    ANY,
    FCNTL,      /* F_GETFL and F_DUPFD_CLOEXEC only */
    IOCTL,      /* TIOCGWINSZ only */
    NO_CODE,    /* without PROT_EXEC */
    TO_ITSELF,  /* to this process only, for abort() */
    NO_ADDRESS, /* without an address: on a connected socket (syslog) */
    SOCKETCALL, /* send() only */
};

/* On s390x the arguments of mmap() are in memory, which a filter cannot read. */
#ifdef __s390x__
#define MMAP_CHECK ANY
#else
#define MMAP_CHECK NO_CODE
#endif

struct rule {
    uint32_t nr;
    enum check check;
};

static const struct rule rules[] = {
    /* reading and writing open fds */
    {SYS_read, ANY},
    {SYS_readv, ANY},
    {SYS_pread64, ANY},
    {SYS_write, ANY},
    {SYS_writev, ANY},
    {SYS_pwrite64, ANY},
    {SYS_splice, ANY},
    {SYS_lseek, ANY},
#ifdef SYS__llseek
    {SYS__llseek, ANY},
#endif
    {SYS_ftruncate, ANY},
#ifdef SYS_ftruncate64
    {SYS_ftruncate64, ANY},
#endif
    {SYS_fallocate, ANY},
    {SYS_fsync, ANY},
    {SYS_fdatasync, ANY},
#ifdef SYS_sync_file_range
    {SYS_sync_file_range, ANY},
#endif
#ifdef SYS_sync_file_range2
    {SYS_sync_file_range2, ANY},
#endif
    {SYS_fadvise64, ANY},
#ifdef SYS_fadvise64_64
    {SYS_fadvise64_64, ANY},
#endif
    {SYS_fstat, ANY},
#ifdef SYS_fstat64
    {SYS_fstat64, ANY},
#endif
    {SYS_close, ANY},
#ifdef SYS_poll
    {SYS_poll, ANY},
#endif
    {SYS_ppoll, ANY},
#ifdef SYS_ppoll_time64
    {SYS_ppoll_time64, ANY},
#endif
    {SYS_fcntl, FCNTL},
#ifdef SYS_fcntl64
    {SYS_fcntl64, FCNTL},
#endif
    {SYS_ioctl, IOCTL},
#ifdef SYS_sendto
    {SYS_sendto, NO_ADDRESS},
#endif
#ifdef SYS_socketcall
    {SYS_socketcall, SOCKETCALL},
#endif
    /* its own memory */
    {SYS_brk, ANY},
#ifdef SYS_mmap2
    {SYS_mmap2, NO_CODE},
#else
    {SYS_mmap, MMAP_CHECK},
#endif
    {SYS_munmap, ANY},
    {SYS_mremap, ANY},
    {SYS_mprotect, NO_CODE},
    {SYS_madvise, ANY},
    {SYS_mincore, ANY},
    /* time, and other calls of the C library */
    {SYS_clock_gettime, ANY},
#ifdef SYS_clock_gettime64
    {SYS_clock_gettime64, ANY},
#endif
    {SYS_gettimeofday, ANY},
#ifdef SYS_time
    {SYS_time, ANY},
#endif
    {SYS_getrandom, ANY},
    {SYS_sysinfo, ANY},
    {SYS_sched_getaffinity, ANY},
    {SYS_sched_yield, ANY},
    {SYS_futex, ANY},
#ifdef SYS_futex_time64
    {SYS_futex_time64, ANY},
#endif
    {SYS_getpid, ANY},
    {SYS_gettid, ANY},
    /* its own signals and exit; waiting for a decompressor */
    {SYS_rt_sigaction, ANY},
    {SYS_rt_sigprocmask, ANY},
    {SYS_rt_sigreturn, ANY},
#ifdef SYS_sigreturn
    {SYS_sigreturn, ANY},
#endif
    {SYS_sigaltstack, ANY},
    {SYS_restart_syscall, ANY},
    {SYS_tgkill, TO_ITSELF},
    {SYS_wait4, ANY},
    {SYS_exit, ANY},
    {SYS_exit_group, ANY},
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

/* A rule is a jump, a comparison, and a check of at most 6 instructions. */
#define LENGTH_MAX (9 * RULES + 4)

static int compare(const void *a, const void *b)
{
    uint32_t x = ((const struct rule *)a)->nr, y = ((const struct rule *)b)->nr;

    return (x > y) - (x < y);
}

/* Allows the call where the low half of an argument has this value. */
static unsigned put_value_check(struct sock_filter *code, unsigned at, unsigned arg, uint32_t value)
{
    code[at++] = LOAD_ARG(arg, LOW_HALF);
    code[at++] = JUMP(BPF_JEQ, value, 1, 0);
    code[at++] = REFUSE;
    code[at++] = ALLOW;
    return at;
}

static unsigned put_check(struct sock_filter *code, unsigned at, enum check check)
{
    switch (check) {
    case ANY:
        code[at++] = ALLOW;
        return at;
    case FCNTL:
        code[at++] = LOAD_ARG(1, LOW_HALF);
        code[at++] = JUMP(BPF_JEQ, F_DUPFD_CLOEXEC, 3, 0);
        return put_value_check(code, at, 1, F_GETFL);
    case IOCTL:
        return put_value_check(code, at, 1, TIOCGWINSZ);
    case TO_ITSELF:
        return put_value_check(code, at, 0, (uint32_t)getpid());
    case SOCKETCALL:
        return put_value_check(code, at, 0, 9 /* SYS_SEND of linux/net.h */);
    case NO_CODE:
        code[at++] = LOAD_ARG(2, LOW_HALF);
        code[at++] = JUMP(BPF_JSET, PROT_EXEC, 0, 1);
        code[at++] = REFUSE;
        code[at++] = ALLOW;
        return at;
    case NO_ADDRESS:
        code[at++] = LOAD_ARG(4, HIGH_HALF);
        code[at++] = JUMP(BPF_JEQ, 0, 0, 2);
        return put_value_check(code, at, 4, 0);
    }
    return at;
}

/*
 * A search tree of n rules, sorted by number, from code[at] on. The kernel tries a filter with each
 * system call before it takes it, which makes a list the most expensive part of the sandbox.
 */
static unsigned put_tree(struct sock_filter *code, unsigned at, const struct rule *sorted,
                         unsigned n)
{
    unsigned half = n / 2, right;

    if (n == 1) {
        code[at++] = JUMP(BPF_JEQ, sorted->nr, 1, 0);
        code[at++] = REFUSE;
        return put_check(code, at, sorted->check);
    }
    right = put_tree(code, at + 1, sorted, half);
    code[at] = JUMP(BPF_JGE, sorted[half].nr, (uint8_t)(right - at - 1), 0);
    return put_tree(code, right, sorted + half, n - half);
}

static unsigned short put_filter(struct sock_filter *code)
{
    struct rule sorted[RULES];
    unsigned at = 0;

    memcpy(sorted, rules, sizeof(sorted));
    qsort(sorted, RULES, sizeof(sorted[0]), compare);
    code[at++] = LOAD(arch);
    code[at++] = JUMP(BPF_JEQ, NATIVE_ARCH, 1, 0);
    code[at++] = REFUSE;
    code[at++] = LOAD(nr);
    return (unsigned short)put_tree(code, at, sorted, RULES);
}

bool seccomp_enter(const struct cls_log *log, struct cls_error *err)
{
    struct sock_filter code[LENGTH_MAX];
    const struct sock_fprog program = {.len = put_filter(code), .filter = code};

    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return cls_fail_errno(err, errno, "cannot enter the sandbox (seccomp)");
    cls_info(log, "sandbox: this kernel has no seccomp; system calls are not filtered");
    return true;
}

#else

bool seccomp_enter(const struct cls_log *log, struct cls_error *err)
{
    (void)err;
    cls_info(log, "sandbox: no seccomp filter for this architecture");
    return true;
}

#endif
