#include "seccomp.h"

#if CLS_SANDBOX

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
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

#define RETURN_EPERM BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define LOAD(field)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define DENY(call)   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), RETURN_EPERM

static const struct sock_filter denials[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
    RETURN_EPERM,
    LOAD(nr),
#ifdef OTHER_ABI_BIT
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_ABI_BIT, 0, 1),
    RETURN_EPERM,
#endif
    /* talk to daemons */
    DENY(socket),
    DENY(socketpair),
    DENY(connect),
    DENY(bind),
#ifdef SYS_socketcall
    DENY(socketcall),
#endif
    /* become, or steer, another program */
    DENY(execve),
    DENY(execveat),
    DENY(ptrace),
    DENY(process_vm_readv),
    DENY(process_vm_writev),
    DENY(kill),
/* change who may do what with files */
#ifdef SYS_chmod
    DENY(chmod),
#endif
    DENY(fchmod),
    DENY(fchmodat),
#ifdef SYS_fchmodat2
    DENY(fchmodat2),
#endif
#ifdef SYS_chown
    DENY(chown),
    DENY(lchown),
#endif
    DENY(fchown),
    DENY(fchownat),
    DENY(setxattr),
    DENY(lsetxattr),
    DENY(fsetxattr),
    DENY(removexattr),
    DENY(lremovexattr),
    DENY(fremovexattr),
    /* reach the parts of the kernel where its bugs are */
    DENY(mount),
    DENY(umount2),
    DENY(chroot),
    DENY(unshare),
    DENY(setns),
    DENY(bpf),
    DENY(perf_event_open),
    DENY(userfaultfd),
    DENY(io_uring_setup),
    DENY(add_key),
    DENY(request_key),
    DENY(keyctl),
    DENY(init_module),
    DENY(finit_module),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

bool seccomp_deny(const struct cls_log *log, struct cls_error *err)
{
    const struct sock_fprog program = {
        .len = sizeof(denials) / sizeof(denials[0]),
        .filter = (struct sock_filter *)(uintptr_t)denials, /* only read */
    };

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
