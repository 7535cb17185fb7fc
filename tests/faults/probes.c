#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"

/* Missing in Debian 12's headers; the numbers are the same on all architectures. */
#define NR_FCHMODAT2      452
#define NR_SETXATTRAT     463
#define NR_OPEN_TREE_ATTR 467

#define NR_URETPROBE 335 /* x86: cannot be filtered; raises SIGILL when called by a program */
#define NR_UPROBE    336

#define X32_BIT   0x40000000L
#define LAST_CALL 1023

/* The targets of the probes, from the environment; "" or 0 if not set. */
static const char *place(const char *name)
{
    const char *value = getenv(name);

    return value ? value : "";
}

static long number(const char *name)
{
    return strtol(place(name), NULL, 10);
}

/* PROBE_OUT: directory of the output; PROBE_ELSEWHERE: another writable directory. */
static long in_dir(const char *dir, const char *name)
{
    static char paths[32][512];
    static unsigned next;
    char *path = paths[next++ % 32];

    snprintf(path, sizeof(paths[0]), "%s/%s", place(dir), name);
    return (long)path;
}

static long connect_to(int family, const void *addr, size_t n, long (*act)(int, long, long))
{
    int fd = socket(family, SOCK_STREAM, 0);

    return fd < 0 ? -1 : act(fd, (long)addr, (long)n);
}

static long do_connect(int fd, long addr, long n)
{
    return syscall(SYS_connect, fd, addr, n);
}

static long do_bind(int fd, long addr, long n)
{
    return syscall(SYS_bind, fd, addr, n);
}

static long tcp(const char *port, long (*act)(int, long, long))
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)number(port)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return connect_to(AF_INET, &addr, sizeof(addr), act);
}

static long connect_tcp(void)
{
    return tcp("PROBE_PORT", do_connect);
}

static long bind_tcp(void)
{
    return tcp("", do_bind);
}

static long connect_unix(const char *name, bool abstract)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t n = strlen(name);

    if (n == 0 || n + abstract >= sizeof(addr.sun_path))
        return -1;
    memcpy(addr.sun_path + abstract, name, n);
    return connect_to(AF_UNIX, &addr, offsetof(struct sockaddr_un, sun_path) + n + abstract,
                      do_connect);
}

static long connect_abstract(void)
{
    return connect_unix(place("PROBE_ABSTRACT"), true);
}

static long connect_path(void)
{
    return connect_unix(place("PROBE_SOCKET"), false);
}

static long raise_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    memset(data, 0, sizeof(data));
    data[0].permitted = data[0].effective = 1U << CAP_SYS_ADMIN | 1U << CAP_SYS_MODULE;
    return syscall(SYS_capset, &header, data);
}

/* Any descriptor that the process does not need. */
static long foreign_fd(void)
{
    char byte;
    long fd = number("PROBE_FD");

    return fd > 0 ? read((int)fd, &byte, 1) < 0 && errno == EBADF ? (errno = EPERM, -1) : 0 : 0;
}

/* Reading an open directory fails with EISDIR. */
static long open_directory(void)
{
    char byte;

    for (int fd = 0; fd < 1024; fd++)
        if (pread(fd, &byte, 1, 0) < 0 && errno == EISDIR)
            return 0;
    errno = EPERM;
    return -1;
}

static long make_child(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return pid < 0 ? -1 : 0;
}

static long type_into_terminal(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (ioctl(fd, TIOCSTI, "x") == 0)
            return 0;
    return -1;
}

static sigjmp_buf no_such_entry;

static void leave(int sig)
{
    (void)sig;
    siglongjmp(no_such_entry, 1);
}

/* A system call of the i386 ABI: getpid() by int 0x80. */
static long foreign_machine(void)
{
#ifdef __x86_64__
    long result;
    struct sigaction old[2], action = {.sa_handler = leave};

    sigaction(SIGSEGV, &action, &old[0]);
    sigaction(SIGILL, &action, &old[1]);
    if (sigsetjmp(no_such_entry, 1) == 0) {
        __asm__ volatile("int $0x80"
                         : "=a"(result)
                         : "a"(20L)
                         : "memory", "r8", "r9", "r10", "r11");
    } else {
        result = -EACCES; /* the kernel does not support it */
    }
    sigaction(SIGSEGV, &old[0], NULL);
    sigaction(SIGILL, &old[1], NULL);
    errno = result < 0 ? (int)-result : 0;
    return result < 0 ? -1 : 0;
#else
    errno = EPERM;
    return -1;
#endif
}

static long get_x32(void)
{
#ifdef __x86_64__
    long result = syscall(X32_BIT | SYS_getpid);

    if (result < 0 && errno == ENOSYS)
        errno = EACCES; /* the kernel does not support x32 */
    return result;
#else
    errno = EPERM;
    return -1;
#endif
}

/*
 * The sandbox rejects a call before its arguments are examined, so any other error means that the
 * call was allowed. Where possible, a probe has the effect that its name describes; the last ones
 * of each group have no effect.
 */
struct probe {
    const char *name;
    long (*run)(void); /* NULL: call nr with a[] */
    long nr, a[6];
};

static struct rlimit small_limit = {64, 64};
static siginfo_t queued = {.si_code = SI_QUEUE};
static uint64_t eight[16];
static char nothing[] = "", truth[] = "/bin/true", *const argv[] = {nothing, NULL};

/* Calls each() for all probes. */
static void go_through(void (*each)(const struct probe *))
{
    const long here = AT_FDCWD, victim = number("PROBE_VICTIM"), in = (long)place("PROBE_INPUT");
    const long neighbour = in_dir("PROBE_OUT", "neighbour"),
               other = in_dir("PROBE_ELSEWHERE", "neighbour");
    const long zeros = (long)eight, none = (long)nothing, write_ = O_CREAT | O_WRONLY;
    const struct probe probes[] = {
        /* files by name */
        {"read-secret", NULL, SYS_openat, {here, (long)"/etc/passwd", O_RDONLY}},
        {"list-root", NULL, SYS_openat, {here, (long)"/", O_RDONLY | O_DIRECTORY}},
        {"read-input-again", NULL, SYS_openat, {here, in, O_RDONLY}},
        {"read-memory", NULL, SYS_openat, {here, (long)"/proc/self/mem", O_RDWR}},
        {"reopen-fd", NULL, SYS_openat, {here, (long)"/proc/self/fd/0", O_RDONLY}},
        {"open-terminal", NULL, SYS_openat, {here, (long)"/dev/null", O_RDWR}},
        {"create-beside", NULL, SYS_openat, {here, in_dir("PROBE_OUT", "created"), write_, 0600}},
        {"create-elsewhere",
         NULL,
         SYS_openat,
         {here, in_dir("PROBE_ELSEWHERE", "created"), write_, 0600}},
        {"write-beside", NULL, SYS_openat, {here, neighbour, O_WRONLY}},
        {"openat2", NULL, SYS_openat2, {here, in, zeros, 24}},
        {"open-by-handle", NULL, SYS_open_by_handle_at, {here, zeros, 0}},
        {"name-to-handle", NULL, SYS_name_to_handle_at, {here, in, zeros, zeros, 0}},
#ifdef SYS_newfstatat
        {"stat", NULL, SYS_newfstatat, {here, in, zeros, 0}},
#endif
        {"statx", NULL, SYS_statx, {here, in, 0, 0, (long)-1}},
        {"statfs", NULL, SYS_statfs, {in, -1}},
        {"access", NULL, SYS_faccessat, {here, in, 0}},
        {"readlink", NULL, SYS_readlinkat, {here, (long)"/proc/self/exe", zeros, 8}},
        {"truncate-beside", NULL, SYS_truncate, {neighbour, 0}},
        {"make-dir", NULL, SYS_mkdirat, {here, in_dir("PROBE_OUT", "dir"), 0700}},
        {"make-symlink", NULL, SYS_symlinkat, {(long)"/", here, in_dir("PROBE_OUT", "link")}},
        {"make-link", NULL, SYS_linkat, {here, in, here, in_dir("PROBE_OUT", "hard"), 0}},
        {"make-device", NULL, SYS_mknodat, {here, in_dir("PROBE_OUT", "device"), 0020600, 0x103}},
        {"rename-beside", NULL, SYS_renameat2, {here, neighbour, here, neighbour, 0}},
        {"unlink-beside", NULL, SYS_unlinkat, {here, in_dir("PROBE_OUT", "removed"), 0}},
        {"unlink-elsewhere", NULL, SYS_unlinkat, {here, in_dir("PROBE_ELSEWHERE", "removed"), 0}},
        {"chmod-elsewhere", NULL, SYS_fchmodat, {here, other, 0666}},
        {"fchmodat2", NULL, NR_FCHMODAT2, {here, other, 0666, 0}},
        {"chown-elsewhere", NULL, SYS_fchownat, {here, other, -1, -1, 0}},
        {"utimes", NULL, SYS_utimensat, {here, other, 0, 0}},
        {"setxattr", NULL, SYS_setxattr, {other, (long)"user.x", none, 0, 0}},
        {"getxattr", NULL, SYS_getxattr, {other, (long)"user.x", none, 0}},
        {"setxattrat", NULL, NR_SETXATTRAT, {here, other, 0, (long)"user.x", zeros, 24}},
        {"watch", NULL, SYS_inotify_init1, {0}},
        {"watch-all", NULL, SYS_fanotify_init, {0, 0}},
        {"chdir", NULL, SYS_chdir, {(long)"/"}},
        {"chroot", NULL, SYS_chroot, {(long)"/"}},
        {"mount", NULL, SYS_mount, {none, none, none, 0, 0}},
        {"unmount", NULL, SYS_umount2, {none, 0}},
        {"pivot-root", NULL, SYS_pivot_root, {none, none}},
        {"open-tree", NULL, SYS_open_tree, {here, none, 0}},
        {"open-tree-attr", NULL, NR_OPEN_TREE_ATTR, {here, none, 0, 0, 0}},
        {"fsopen", NULL, SYS_fsopen, {none, 0}},
        {"swapoff", NULL, SYS_swapoff, {none}},
        {"accounting", NULL, SYS_acct, {none}},
        /* operations on descriptors other than reading and writing */
        {"foreign-fd", foreign_fd, 0, {0}},
        {"directory-fd", open_directory, 0, {0}},
        {"fchmod", NULL, SYS_fchmod, {0, 0666}}, /* the mode of /dev/null, in case it succeeds */
        {"fchown", NULL, SYS_fchown, {0, -1, -1}},
        {"fsetxattr", NULL, SYS_fsetxattr, {0, (long)"user.x", none, 0, 0}},
        {"lock", NULL, SYS_flock, {0, 8}},
        {"signal-owner", NULL, SYS_fcntl, {0, F_SETOWN, victim}},
        {"signal-flag", NULL, SYS_fcntl, {0, F_SETFL, 0}},
        {"lease", NULL, SYS_fcntl, {0, F_SETLEASE, F_UNLCK}},
        {"record-lock", NULL, SYS_fcntl, {0, F_SETLK, zeros}},
        {"terminal-input", type_into_terminal, 0, {0}},
        {"console", NULL, SYS_ioctl, {0, 0x541c /* TIOCLINUX */, zeros}},
        {"file-flags", NULL, SYS_ioctl, {0, (long)FS_IOC_SETFLAGS, zeros}},
        {"clone-file", NULL, SYS_ioctl, {1, (long)FICLONE, 0}},
        {"async-signals", NULL, SYS_ioctl, {0, FIOASYNC, zeros}},
        {"epoll", NULL, SYS_epoll_create1, {0}},
        {"memory-file", NULL, SYS_memfd_create, {none, 0}},
        /* other programs, other processes */
        {"execute", NULL, SYS_execve, {(long)truth, (long)argv, (long)(argv + 1)}},
        {"execute-by-fd",
         NULL,
         SYS_execveat,
         {0, none, (long)argv, (long)(argv + 1), AT_EMPTY_PATH}},
        {"fork", make_child, 0, {0}},
        {"clone", NULL, SYS_clone, {-1}},
        {"clone-user-namespace", NULL, SYS_clone, {CLONE_NEWUSER | CLONE_FS}},
        {"clone3", NULL, SYS_clone3, {zeros, 88}},
        {"unshare-user", NULL, SYS_unshare, {CLONE_NEWUSER}},
        {"unshare-mounts", NULL, SYS_unshare, {CLONE_NEWNS}},
        {"enter-namespace", NULL, SYS_setns, {0, 0}},
        {"kill-all-of-group", NULL, SYS_kill, {-victim, 0}},
        {"tkill", NULL, SYS_tkill, {victim, 0}},
        {"tgkill", NULL, SYS_tgkill, {victim, victim, 0}},
        {"queue-signal", NULL, SYS_rt_sigqueueinfo, {victim, 0, (long)&queued}},
        {"queue-signal-to-thread", NULL, SYS_rt_tgsigqueueinfo, {victim, victim, 0, (long)&queued}},
        {"pidfd", NULL, SYS_pidfd_open, {victim, 0}},
        {"pidfd-signal", NULL, SYS_pidfd_send_signal, {0, 0, 0, 0}},
        {"pidfd-getfd", NULL, SYS_pidfd_getfd, {0, 0, 0}},
        {"limits-of-others", NULL, SYS_prlimit64, {victim, RLIMIT_NOFILE, (long)&small_limit, 0}},
        {"limits", NULL, SYS_prlimit64, {0, RLIMIT_CORE, zeros, 0}},
        {"priority", NULL, SYS_setpriority, {0, victim, 1}},
        {"scheduler", NULL, SYS_sched_setscheduler, {victim, 0, zeros}},
        {"scheduler-attributes", NULL, SYS_sched_setattr, {victim, -1, 0}},
        {"processors", NULL, SYS_sched_setaffinity, {victim, 8, -1}},
        {"io-priority", NULL, SYS_ioprio_set, {1, victim, 2 << 13 | 4}},
        {"read-process", NULL, SYS_process_vm_readv, {victim, 0, 0, 0, 0, 0}},
        {"write-process", NULL, SYS_process_vm_writev, {victim, 0, 0, 0, 0, 0}},
        {"advise-process", NULL, SYS_process_madvise, {-1, 0, 0, 0, 0}},
        {"move-pages", NULL, SYS_move_pages, {victim, 0, 0, 0, 0, 0}},
        {"migrate-pages", NULL, SYS_migrate_pages, {victim, -1, 0, 0}},
        {"ptrace", NULL, SYS_ptrace, {PTRACE_SEIZE, victim, 0, 0}},
        {"compare-processes", NULL, SYS_kcmp, {victim, victim, 2, 0, 0}},
        {"group", NULL, SYS_setpgid, {0, 0}},
        {"session", NULL, SYS_setsid, {0}},
        {"outlive-parent", NULL, SYS_prctl, {PR_SET_PDEATHSIG, 0}},
        {"dumpable", NULL, SYS_prctl, {PR_SET_DUMPABLE, 1}},
        {"subreaper", NULL, SYS_prctl, {PR_SET_CHILD_SUBREAPER, 1}},
        {"timer", NULL, SYS_timer_create, {-1, 0, 0}},
        {"alarm", NULL, SYS_setitimer, {0, zeros, 0}},
        /* IPC */
        {"connect-tcp", connect_tcp, 0, {0}},
        {"bind-tcp", bind_tcp, 0, {0}},
        {"connect-abstract", connect_abstract, 0, {0}},
        {"connect-path", connect_path, 0, {0}},
        {"socketpair", NULL, SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, zeros}},
        {"netlink", NULL, SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
        {"vsock", NULL, SYS_socket, {40, SOCK_STREAM, 0}},
        {"send-with-address", NULL, SYS_sendto, {-1, none, 0, 0, zeros, 16}},
        {"send-descriptor", NULL, SYS_sendmsg, {-1, zeros, 0}},
        {"receive-descriptor", NULL, SYS_recvmsg, {-1, zeros, 0}},
        {"shared-memory", NULL, SYS_shmget, {1234567, 0, 0}},
        {"remove-shared-memory", NULL, SYS_shmctl, {0x7ffffff, 0, 0}},
        {"semaphores", NULL, SYS_semget, {1234567, 0, 0}},
        {"messages", NULL, SYS_msgget, {1234567, 0}},
        {"message-queue", NULL, SYS_mq_open, {(long)"none", O_RDONLY, 0, 0}},
        {"pipe", NULL, SYS_pipe2, {zeros, 0}},
        {"event", NULL, SYS_eventfd2, {0, 0}},
        /* parts of the kernel with many vulnerabilities */
        {"add-key", NULL, SYS_add_key, {none, none, 0, 0, 0}},
        {"request-key", NULL, SYS_request_key, {none, none, 0, 0}},
        {"keyctl", NULL, SYS_keyctl, {KEYCTL_GET_KEYRING_ID, -3, 0}},
        {"perf", NULL, SYS_perf_event_open, {0, 0, -1, -1, 0}},
        {"bpf", NULL, SYS_bpf, {-1, 0, 0}},
        {"userfaultfd", NULL, SYS_userfaultfd, {-1}},
        {"io-uring", NULL, SYS_io_uring_setup, {0, 0}},
        {"aio", NULL, SYS_io_setup, {0, 0}},
        {"seccomp", NULL, SYS_seccomp, {-1, 0, 0}},
        {"landlock", NULL, SYS_landlock_restrict_self, {-1, 0}},
        {"load-module", NULL, SYS_init_module, {none, 0, -1}},
        {"kexec", NULL, SYS_kexec_load, {0, 0, 0, -1}},
        {"reboot", NULL, SYS_reboot, {0, 0, 0, 0}},
        {"kernel-log", NULL, SYS_syslog, {100, 0, 0}},
        {"host-name", NULL, SYS_sethostname, {none, -1}},
        {"set-time", NULL, SYS_clock_settime, {-1, 0}},
        {"adjust-time", NULL, SYS_adjtimex, {-1}},
        {"quota", NULL, SYS_quotactl, {-1, 0, 0, 0}},
        {"personality", NULL, SYS_personality, {0xffffffff}},
        {"setuid", NULL, SYS_setuid, {65534}},
        {"setgid", NULL, SYS_setgid, {65534}},
        {"setgroups", NULL, SYS_setgroups, {0, 0}},
        {"raise-capabilities", raise_capabilities, 0, {0}},
        {"lock-memory", NULL, SYS_mlockall, {0}},
        /* executing new code */
        {"map-code",
         NULL,
         SYS_mmap,
         {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
        {"make-code", NULL, SYS_mprotect, {(long)eight & -4096, 0, PROT_READ | PROT_EXEC}},
        {"make-code-by-key", NULL, SYS_pkey_mprotect, {(long)eight & -4096, 0, PROT_EXEC, -1}},
        {"foreign-machine", foreign_machine, 0, {0}},
        {"x32", get_x32, 0, {0}},
        /* last, since other probes use the victim */
        {"kill", NULL, SYS_kill, {victim, SIGTERM}},
    };

    for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
        each(&probes[i]);
}

static int try(const struct probe *p)
{
    long result;

    errno = 0;
    result =
        p->run ? p->run() : syscall(p->nr, p->a[0], p->a[1], p->a[2], p->a[3], p->a[4], p->a[5]);
    return result >= 0 ? 0 : errno ? errno : 255;
}

/* Runs in a forked child. A program that the probe executes also exits with 0. */
static void try_apart(const struct probe *p)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0)
        _exit(try(p));
    if (child < 0 || waitpid(child, &status, 0) != child)
        faults_report("probe %s lost\n", p->name);
    else
        faults_report("probe %s %d\n", p->name,
                      WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

static void try_here(const struct probe *p)
{
    faults_report("probe %s %d\n", p->name, try(p));
}

/* Tries all numbers of system calls, and reports those that do not fail with EPERM. */
static void sweep(long from)
{
    for (long nr = from; nr <= from + LAST_CALL; nr++)
        if (nr != SYS_exit && nr != SYS_exit_group && nr != SYS_rt_sigreturn &&
            nr != NR_URETPROBE && nr != NR_UPROBE &&
            (syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L) >= 0 || errno != EPERM))
            faults_report("open %ld\n", nr);
}

void faults_probe(void)
{
    bool inside = syscall(SYS_getppid) < 0;

    /* The sandbox does not allow fork(). There probes fail, so they do not need a child. */
    go_through(inside ? try_here : try_apart);
    if (!inside)
        return;
    sweep(0);
    sweep(X32_BIT);
}
