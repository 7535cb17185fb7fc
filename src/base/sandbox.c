#include "base/sandbox.h"

#include "base/fds.h"
#include "seccomp.h"

bool sandbox_is_built(void)
{
    return CLS_SANDBOX;
}

#if CLS_SANDBOX

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * As the kernel has it (include/uapi/linux/landlock.h); Debian 12's header knows only the first
 * member. A kernel takes a longer structure than it knows if what it doesn't know is zero.
 */
struct ruleset_attr {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

/* File system rights by the ABI version that brought them: 1, 2 (REFER), 3 (TRUNCATE), 5
 * (IOCTL_DEV) */
#define FS_RIGHTS_ABI_1    ((UINT64_C(1) << 13) - 1)
#define FS_RIGHT_REFER     (UINT64_C(1) << 13)
#define FS_RIGHT_TRUNCATE  (UINT64_C(1) << 14)
#define FS_RIGHT_IOCTL_DEV (UINT64_C(1) << 15)
#define NET_RIGHTS_ABI_4   (UINT64_C(1) << 0 | UINT64_C(1) << 1) /* bind and connect TCP */
#define SCOPES_ABI_6       (UINT64_C(1) << 0 | UINT64_C(1) << 1) /* abstract sockets, signals */

static struct ruleset_attr rights_of_abi(long abi)
{
    struct ruleset_attr attr = {.handled_access_fs = FS_RIGHTS_ABI_1};

    if (abi >= 2)
        attr.handled_access_fs |= FS_RIGHT_REFER;
    if (abi >= 3)
        attr.handled_access_fs |= FS_RIGHT_TRUNCATE;
    if (abi >= 5)
        attr.handled_access_fs |= FS_RIGHT_IOCTL_DEV;
    if (abi >= 4)
        attr.handled_access_net = NET_RIGHTS_ABI_4;
    if (abi >= 6)
        attr.scoped = SCOPES_ABI_6;
    return attr;
}

/* Restricts access to files by name to these rights, for all paths; 0: none. */
static int restrict_to(long abi, uint64_t allowed)
{
    struct ruleset_attr attr = rights_of_abi(abi);
    struct landlock_path_beneath_attr rule = {.allowed_access = allowed};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0), rc = 0;

    if (ruleset < 0)
        return -1;
    if (allowed) {
        rule.parent_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        rc = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        close(rule.parent_fd);
    }
    if (rc == 0)
        rc = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
    close(ruleset);
    return rc;
}

static long landlock_abi(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static int drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{.effective = 0}};

    return (int)syscall(SYS_capset, &header, none);
}

static bool enter_landlock(const struct cls_log *log, struct cls_error *err)
{
    long abi = landlock_abi();

    if (abi < 1) {
        cls_info(log, "sandbox: system call filter, no capabilities; this kernel has no Landlock");
        return true;
    }
    if (restrict_to(abi, 0) != 0)
        return cls_fail_errno(err, errno, "cannot enter the sandbox (Landlock ABI %ld)", abi);
    cls_info(log, "sandbox: system call filter, no capabilities, Landlock ABI %ld", abi);
    return true;
}

bool sandbox_enter(const int *keep, size_t n, const struct cls_log *log, struct cls_error *err)
{
    fds_keep_only(keep, n);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return cls_fail_errno(err, errno, "cannot set no_new_privs");
    if (drop_capabilities() != 0)
        return cls_fail_errno(err, errno, "cannot drop capabilities");
    return enter_landlock(log, err) && seccomp_enter(log, err);
}

bool sandbox_enter_reader(void)
{
    long abi = landlock_abi();

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && drop_capabilities() == 0 &&
           (abi < 1 || restrict_to(abi, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                                            LANDLOCK_ACCESS_FS_EXECUTE) == 0);
}

#ifdef __SANITIZE_ADDRESS__
/* The leak check needs a process of its own, which the sandbox rejects. */
int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0; /* refused: we are inside */
}
#endif

#else

bool sandbox_enter(const int *keep, size_t n, const struct cls_log *log, struct cls_error *err)
{
    (void)keep;
    (void)n;
    (void)err;
    cls_info(log, "sandbox: not built into this program");
    return true;
}

bool sandbox_enter_reader(void)
{
    return true;
}

#endif
