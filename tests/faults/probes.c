#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"

/* Where the probes go, by the environment; "" and 0 where nothing is said. */
static const char *place(const char *name)
{
    const char *value = getenv(name);

    return value ? value : "";
}

static long number(const char *name)
{
    return strtol(place(name), NULL, 10);
}

/* PROBE_OUT: the output's directory; PROBE_ELSEWHERE: another one that we might write to. */
static const char *in_dir(const char *dir, const char *name)
{
    static char path[4096];

    snprintf(path, sizeof(path), "%s/%s", place(dir), name);
    return path;
}

static int opened(int fd)
{
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

static int read_secret(void)
{
    return opened(open("/etc/passwd", O_RDONLY));
}

static int list_root(void)
{
    return opened(open("/", O_RDONLY | O_DIRECTORY));
}

static int read_input_again(void)
{
    return opened(open(place("PROBE_INPUT"), O_RDONLY));
}

static int read_memory(void)
{
    return opened(open("/proc/self/mem", O_RDWR));
}

static int create(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY, 0600);

    if (fd < 0 || write(fd, "x", 1) != 1)
        return -1;
    return opened(fd);
}

static int create_beside(void)
{
    return create(in_dir("PROBE_OUT", "created"));
}

static int create_elsewhere(void)
{
    return create(in_dir("PROBE_ELSEWHERE", "created"));
}

static int write_beside(void)
{
    return opened(open(in_dir("PROBE_OUT", "neighbour"), O_WRONLY));
}

static int truncate_beside(void)
{
    return truncate(in_dir("PROBE_OUT", "neighbour"), 0);
}

static int make_dir(void)
{
    return mkdir(in_dir("PROBE_OUT", "dir"), 0700);
}

static int make_symlink(void)
{
    return symlink("/", in_dir("PROBE_OUT", "link"));
}

static int make_device(void)
{
    return mknod(in_dir("PROBE_OUT", "device"), S_IFCHR | 0600, 0x103);
}

static int unlink_beside(void)
{
    return unlink(in_dir("PROBE_OUT", "removed"));
}

static int unlink_elsewhere(void)
{
    return unlink(in_dir("PROBE_ELSEWHERE", "removed"));
}

static int chmod_elsewhere(void)
{
    return chmod(in_dir("PROBE_ELSEWHERE", "neighbour"), 0666);
}

static int execute(void)
{
    static char name[] = "true";
    char *argv[] = {name, NULL};

    return execve("/bin/true", argv, argv + 1);
}

static int set_uid(void)
{
    return setuid(65534);
}

static int raise_caps(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    memset(data, 0, sizeof(data));
    data[0].permitted = data[0].effective = 1U << CAP_SYS_ADMIN | 1U << CAP_SYS_MODULE;
    return (int)syscall(SYS_capset, &header, data);
}

static int load_module(void)
{
    return (int)syscall(SYS_init_module, "no module", (unsigned long)9, "");
}

static int mount_anything(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return -1;
    return mount("none", place("PROBE_ELSEWHERE"), "tmpfs", 0, NULL);
}

static int trace(void)
{
    /* The tracee goes on when this process is gone. */
    return ptrace(PTRACE_SEIZE, (pid_t)number("PROBE_VICTIM"), NULL, NULL) < 0 ? -1 : 0;
}

static int send_signal(void)
{
    return kill((pid_t)number("PROBE_VICTIM"), SIGTERM);
}

static int tcp(int (*act)(int, const struct sockaddr *, socklen_t), const char *port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)number(port)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return fd < 0 ? -1 : act(fd, (const struct sockaddr *)&addr, sizeof(addr));
}

static int connect_tcp(void)
{
    return tcp(connect, "PROBE_PORT");
}

static int bind_tcp(void)
{
    return tcp(bind, "");
}

static int connect_unix(const char *name, bool abstract)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t n = strlen(name);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (n == 0 || n + abstract >= sizeof(addr.sun_path))
        return -1;
    memcpy(addr.sun_path + abstract, name, n);
    n += offsetof(struct sockaddr_un, sun_path) + abstract;
    return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&addr, (socklen_t)n);
}

static int connect_abstract(void)
{
    return connect_unix(place("PROBE_ABSTRACT"), true);
}

static int connect_path(void)
{
    return connect_unix(place("PROBE_SOCKET"), false);
}

static const struct {
    const char *name;
    int (*run)(void);
} probes[] = {
    {"read-secret", read_secret},
    {"list-root", list_root},
    {"read-input-again", read_input_again},
    {"read-memory", read_memory},
    {"create-beside", create_beside},
    {"create-elsewhere", create_elsewhere},
    {"write-beside", write_beside},
    {"truncate-beside", truncate_beside},
    {"make-dir", make_dir},
    {"make-symlink", make_symlink},
    {"make-device", make_device},
    {"unlink-beside", unlink_beside},
    {"unlink-elsewhere", unlink_elsewhere},
    {"chmod-elsewhere", chmod_elsewhere},
    {"execute", execute},
    {"setuid", set_uid},
    {"raise-capabilities", raise_caps},
    {"load-module", load_module},
    {"mount", mount_anything},
    {"ptrace", trace},
    {"connect-tcp", connect_tcp},
    {"bind-tcp", bind_tcp},
    {"connect-abstract", connect_abstract},
    {"connect-path", connect_path},
    {"kill", send_signal},
};

/* Each in a child, which has all that the process has; one that is executed ends with 0, too. */
void faults_probe(void)
{
    for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
        pid_t child = fork();
        int status = 0;

        if (child == 0) {
            errno = 0;
            _exit(probes[i].run() == 0 ? 0 : errno ? errno : 255);
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
            faults_report("probe %s lost\n", probes[i].name);
        else
            faults_report("probe %s %d\n", probes[i].name,
                          WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    }
}
