#include "seccomp.h"

#if CLS_SANDBOX

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#define NATIVE_ARCH   AUDIT_ARCH_X86_64
#define OTHER_ABI_BIT 0x40000000u /* x32 calls on the same machine */
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

#define RETURN(what) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, what)
#define LOAD(field)                                                                                \
    (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define JUMP(condition, value, if_so, else_)                                                       \
    (struct sock_filter) BPF_JUMP(BPF_JMP | (condition) | BPF_K, value, if_so, else_)

static const uint32_t denied[] = {
    /* talk to daemons */
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
#ifdef SYS_socketcall
    SYS_socketcall,
#endif
    /* become, or steer, another program */
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kill,
/* change who may do what with files */
#ifdef SYS_chmod
    SYS_chmod,
#endif
    SYS_fchmod,
    SYS_fchmodat,
#ifdef SYS_fchmodat2
    SYS_fchmodat2,
#endif
#ifdef SYS_chown
    SYS_chown,
    SYS_lchown,
#endif
    SYS_fchown,
    SYS_fchownat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    /* reach the parts of the kernel where its bugs are */
    SYS_mount,
    SYS_umount2,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_init_module,
    SYS_finit_module,
};

#define DENIED     (sizeof(denied) / sizeof(denied[0]))
#define LENGTH_MAX (2 * DENIED + 16)
_Static_assert(2 * DENIED < UINT8_MAX, "a jump in a filter reaches that far");

/*
 * A search tree of n sorted calls, from code[at] on, that goes on at deny for these and behind it
 * for others. Returns where it ends. The kernel tries a filter with each call there is before it
 * takes it, which a mere list makes the dearest part of entering the sandbox.
 */
static unsigned put_tree(struct sock_filter *code, unsigned at, const uint32_t *calls, unsigned n,
                         unsigned deny)
{
    unsigned half = n / 2, right;

    if (n == 1) {
        code[at] = JUMP(BPF_JEQ, calls[0], (uint8_t)(deny - at - 1), (uint8_t)(deny - at));
        return at + 1;
    }
    right = put_tree(code, at + 1, calls, half, deny);
    code[at] = JUMP(BPF_JGE, calls[half], (uint8_t)(right - at - 1), 0);
    return put_tree(code, right, calls + half, n - half, deny);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static unsigned short put_filter(struct sock_filter *code)
{
    uint32_t sorted[DENIED];
    unsigned at = 0, deny;

    memcpy(sorted, denied, sizeof(sorted));
    qsort(sorted, DENIED, sizeof(sorted[0]), compare);
    code[at++] = LOAD(arch);
    code[at++] = JUMP(BPF_JEQ, NATIVE_ARCH, 1, 0);
    code[at++] = RETURN(SECCOMP_RET_ERRNO | EPERM);
    code[at++] = LOAD(nr);
#ifdef OTHER_ABI_BIT
    code[at++] = JUMP(BPF_JGE, OTHER_ABI_BIT, 0, 1);
    code[at++] = RETURN(SECCOMP_RET_ERRNO | EPERM);
#endif
    deny = at + 2 * DENIED - 1;
    put_tree(code, at, sorted, DENIED, deny);
    code[deny] = RETURN(SECCOMP_RET_ERRNO | EPERM);
    code[deny + 1] = RETURN(SECCOMP_RET_ALLOW);
    return (unsigned short)(deny + 2);
}

bool seccomp_deny(const struct cls_log *log, struct cls_error *err)
{
    struct sock_filter code[LENGTH_MAX];
    const struct sock_fprog program = {.len = put_filter(code), .filter = code};

    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return cls_fail_errno(err, errno, "cannot enter the sandbox (seccomp)");
    cls_info(log, "sandbox: this kernel has no seccomp, sockets and modes stay within reach");
    return true;
}

#else

bool seccomp_deny(const struct cls_log *log, struct cls_error *err)
{
    (void)err;
    cls_info(log, "sandbox: no seccomp filter for this machine");
    return true;
}

#endif
