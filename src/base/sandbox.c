#include "base/sandbox.h"

#include "seccomp.h"

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

static bool allow_naming(int ruleset, const struct sandbox_place *o)
{
    struct landlock_path_beneath_attr rule = {
        .allowed_access = LANDLOCK_ACCESS_FS_MAKE_REG,
        .parent_fd = o->dir_fd,
    };

    if (o->dir_fd < 0)
        return true;
    if (o->may_remove)
        rule.allowed_access |= LANDLOCK_ACCESS_FS_REMOVE_FILE;
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

static bool enter_landlock(const struct sandbox_place *places, size_t count,
                           const struct cls_log *log, struct cls_error *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset_attr attr;
    int ruleset;
    bool ok = true;

    if (abi < 1) {
        cls_info(log, "sandbox: this kernel has no Landlock, files stay within reach");
        return true;
    }
    attr = rights_of_abi(abi);
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    /* Kernels before the longer structure want the size that they know, or any with zeros. */
    if (ruleset < 0)
        return cls_fail_errno(err, errno, "cannot set up the sandbox (Landlock ABI %ld)", abi);
    for (size_t i = 0; i < count; i++)
        ok = ok && allow_naming(ruleset, &places[i]);
    ok = ok && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    if (!ok)
        cls_fail_errno(err, errno, "cannot enter the sandbox (Landlock ABI %ld)", abi);
    close(ruleset);
    if (ok)
        cls_info(log, "sandbox: Landlock ABI %ld, no new privileges, no capabilities", abi);
    return ok;
}

static bool set_capabilities(uint64_t effective, uint64_t permitted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)effective, .permitted = (uint32_t)permitted},
        {.effective = (uint32_t)(effective >> 32), .permitted = (uint32_t)(permitted >> 32)},
    };

    return syscall(SYS_capset, &header, data) == 0;
}

static bool get_permitted(uint64_t *permitted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data) != 0)
        return false;
    *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    return true;
}

/*
 * root names files in other users' directories by capability alone: those that this takes are kept,
 * and only where it takes them.
 */
static bool drop_capabilities(const struct sandbox_place *places, size_t count,
                              struct cls_error *err)
{
    uint64_t permitted, keep = 0;

    if (!get_permitted(&permitted) || !set_capabilities(0, permitted))
        return cls_fail_errno(err, errno, "cannot drop capabilities");
    for (size_t i = 0; i < count; i++) {
        if (places[i].dir_fd >= 0 && faccessat(places[i].dir_fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
            keep |= UINT64_C(1) << CAP_DAC_OVERRIDE;
        if (places[i].sticky_foreign)
            keep |= UINT64_C(1) << CAP_FOWNER;
    }
    keep &= permitted;
    if (!set_capabilities(keep, keep))
        return cls_fail_errno(err, errno, "cannot drop capabilities");
    return true;
}

bool sandbox_enter(const struct sandbox_place *places, size_t count, const struct cls_log *log,
                   struct cls_error *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return cls_fail_errno(err, errno, "cannot give up new privileges");
    return drop_capabilities(places, count, err) && enter_landlock(places, count, log, err) &&
           seccomp_deny(log, err);
}

#else

bool sandbox_enter(const struct sandbox_place *places, size_t count, const struct cls_log *log,
                   struct cls_error *err)
{
    (void)places;
    (void)count;
    (void)err;
    cls_info(log, "sandbox: this program was built without it");
    return true;
}

#endif
