#include "convert/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fds.h"
#include "hold_signals.h"

#define NEW_FILE_MODE 0600 /* a save holds the guest's memory, secrets and all */
#define PROC_FDS      "/proc/self/fd"
#define HIDDEN_PREFIX ".convert-legacy-stream."
#define HIDDEN_DIGITS 16

#ifndef RENAME_NOREPLACE /* musl has neither this nor the function */
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE  2
#define renameat2(...)   ((int)syscall(SYS_renameat2, __VA_ARGS__))
#endif

static bool fail(const struct out_file *file, int errnum, const char *doing, struct cls_error *err)
{
    return cls_fail_errno(err, errnum, "cannot %s %s", doing, file->display);
}

static bool fail_changed(const struct out_file *file, struct cls_error *err)
{
    return cls_fail(err, CLS_SYSTEM, "%s was replaced or modified during the conversion",
                    file->display);
}

static bool resolve_inherited(struct out_file *file, struct cls_error *err)
{
    int flags = fcntl(file->fd, F_GETFL);

    file->inherited = true;
    if (flags < 0 || fstat(file->fd, &file->st) != 0)
        return fail(file, errno, "write", err);
    if ((flags & O_ACCMODE) == O_RDONLY)
        return fail(file, EBADF, "write", err);
    if (isatty(file->fd))
        return cls_fail(err, CLS_USAGE, "%s is a terminal; a save cannot be written to it",
                        file->display);
    return true;
}

/* Opens the directory of path and leaves name pointing behind its last slash. */
static bool open_directory(struct out_file *file, struct cls_error *err)
{
    char *slash = strrchr(file->path, '/');
    const char *dir = !slash ? "." : slash == file->path ? "/" : file->path;

    file->name = slash ? slash + 1 : file->path;
    if (slash)
        *slash = '\0';
    file->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file->dir_fd < 0)
        return fail(file, errno, "open the directory of", err);
    return *file->name != '\0' || fail(file, EISDIR, "write", err);
}

static bool find_existing(struct out_file *file, struct cls_error *err)
{
    file->exists = fstatat(file->dir_fd, file->name, &file->st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!file->exists && errno != ENOENT)
        return fail(file, errno, "write", err);
    if (file->exists && file->no_clobber)
        return cls_fail(err, CLS_USAGE, "%s already exists (--no-clobber)", file->display);
    return true;
}

/* Can a user who is neither we nor the directory's owner have created it, as in /tmp? */
static bool is_strangers(int dir_fd, const struct stat *st)
{
    struct stat dir;

    if (st->st_uid == geteuid())
        return false;
    if (fstat(dir_fd, &dir) != 0)
        return true;
    return st->st_uid != dir.st_uid &&
           dir.st_mode & (dir.st_mode & S_ISVTX ? S_IWGRP | S_IWOTH : S_IWOTH);
}

/* Is a link or FIFO by us, or in a directory where nobody else can create any? */
static bool is_trusted(const char *path, const struct stat *st)
{
    char dir[PATH_MAX], *slash;
    int fd, n = snprintf(dir, sizeof(dir), "%s", path);
    bool is = false;

    if (n >= (int)sizeof(dir))
        return false;
    slash = strrchr(dir, '/');
    if (slash)
        slash[1] = '\0';
    fd = open(slash ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        is = !is_strangers(fd, st);
        close(fd);
    }
    return is;
}

/* As by the kernel's rule where fs.protected_fifos is set. */
static bool is_strangers_fifo(const char *arg, const struct stat *st)
{
    char *path = S_ISFIFO(st->st_mode) ? realpath(arg, NULL) : NULL;
    bool is = path && !is_trusted(path, st); /* NULL: a pipe without a name, /proc/self/fd/1 */

    free(path);
    return is;
}

/* A pipe, a device: nothing to be replaced, whatever links lead there. */
static bool resolve_special(struct out_file *file, const char *arg, struct cls_error *err)
{
    if (is_strangers_fifo(arg, &file->st))
        return fail(file, EACCES, "write", err);
    file->exists = true;
    file->path = strdup(arg);
    return file->path || fail(file, ENOMEM, "write", err);
}

static bool resolve_path(struct out_file *file, const char *arg, struct cls_error *err)
{
    struct stat link, behind;
    bool exists = stat(arg, &behind) == 0;

    if (!exists && errno != ENOENT)
        return fail(file, errno, "write", err);
    if (exists && S_ISDIR(behind.st_mode))
        return cls_fail(err, CLS_USAGE, "%s is a directory", file->display);
    if (lstat(arg, &link) == 0 && S_ISLNK(link.st_mode)) {
        if (!exists)
            return cls_fail(err, CLS_SYSTEM, "%s is a dangling symbolic link", file->display);
        if (!is_trusted(arg, &link)) /* the kernel's rule where fs.protected_symlinks is set */
            return fail(file, EACCES, "follow the symbolic link", err);
    }
    file->st = behind;
    if (exists && !S_ISREG(behind.st_mode))
        return resolve_special(file, arg, err);
    /* The target of a symbolic link is replaced, not the link. */
    file->path = exists ? realpath(arg, NULL) : strdup(arg);
    if (!file->path || !open_directory(file, err) || !find_existing(file, err))
        return file->path ? false : fail(file, errno, "write", err);
    /* realpath() also follows links that the kernel would not follow. */
    return file->exists == exists && (!exists || fd_same_file(&file->st, &behind))
               ? true
               : fail_changed(file, err);
}

bool out_file_resolve(struct out_file *file, const char *arg, const char *display, bool no_clobber,
                      struct convert_cleanup *cleanup, struct cls_error *err)
{
    *file = (struct out_file){.fd = convert_fd(arg, STDOUT_FILENO),
                              .display = display,
                              .no_clobber = no_clobber,
                              .dir_fd = -1,
                              .cleanup = cleanup};
    return file->fd >= 0 ? resolve_inherited(file, err) : resolve_path(file, arg, err);
}

bool out_file_resolve_at(struct out_file *file, int dir_fd, const char *name, const char *display,
                         bool no_clobber, struct convert_cleanup *cleanup, struct cls_error *err)
{
    *file = (struct out_file){
        .fd = -1, .display = display, .no_clobber = no_clobber, .dir_fd = -1, .cleanup = cleanup};
    file->name = file->path = strdup(name);
    if (!file->path)
        return fail(file, ENOMEM, "write", err);
    file->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
    if (file->dir_fd < 0)
        return fail(file, errno, "open the directory of", err);
    if (!find_existing(file, err))
        return false;
    return !file->exists || S_ISREG(file->st.st_mode) ||
           cls_fail(err, CLS_USAGE, "%s exists and is not a regular file", display);
}

bool out_file_is(const struct out_file *file, const struct stat *st)
{
    return (file->inherited || file->exists) && (S_ISREG(st->st_mode) || S_ISBLK(st->st_mode)) &&
           fd_same_file(&file->st, st);
}

bool out_file_are_same(const struct out_file *a, const struct out_file *b)
{
    struct stat dir_a, dir_b;

    if (a->inherited && b->inherited)
        return a->fd == b->fd;
    if (out_file_is_straight(a) || out_file_is_straight(b))
        return out_file_is(a, &b->st);
    return fstat(a->dir_fd, &dir_a) == 0 && fstat(b->dir_fd, &dir_b) == 0 &&
           fd_same_file(&dir_a, &dir_b) && strcmp(a->name, b->name) == 0;
}

bool out_file_is_straight(const struct out_file *file)
{
    return file->inherited || (file->exists && !S_ISREG(file->st.st_mode));
}

static void random_name(char *buf, size_t size)
{
    uint64_t r = 0;

    if (getrandom(&r, sizeof(r), 0) != sizeof(r))
        r = (uint64_t)getpid();
    snprintf(buf, size, HIDDEN_PREFIX "%016" PRIx64, r);
}

/* Only where the file can be linked to a name later. */
static void open_unnamed(struct out_file *file)
{
    /* It is given to that user, whose files we cannot link (fs.protected_hardlinks). */
    bool foreign = file->exists && file->st.st_uid != geteuid();

    if (foreign || access(PROC_FDS, X_OK) != 0)
        return;
    file->fd = openat(file->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, NEW_FILE_MODE);
    file->unnamed = file->fd >= 0;
}

/* For file systems without O_TMPFILE. Signals are blocked until the file is noted for cleanup. */
static void open_hidden(struct out_file *file)
{
    struct convert_cleanup *cleanup = file->cleanup;
    sigset_t old;

    hold_signals(&old);
    random_name(cleanup->file, sizeof(cleanup->file));
    file->fd =
        openat(file->dir_fd, cleanup->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, NEW_FILE_MODE);
    if (file->fd >= 0) {
        file->hidden = true;
        cleanup->dir_fd = file->dir_fd;
        cleanup->has_file = 1;
    }
    release_signals(&old);
}

/*
 * The output gets the owner and mode of the file that it replaces. Where that is not permitted, the
 * mode is narrowed so that nobody gains access. The file of another user in a directory where
 * anyone can create files is no reason to give access to that user.
 */
static bool take_over_owner_and_mode(const struct out_file *file, struct cls_error *err)
{
    mode_t mode = file->st.st_mode & 07777;

    if (!file->exists || (!file->replaces && is_strangers(file->dir_fd, &file->st)))
        return true;
    if (file->replaces && fchown(file->fd, file->st.st_uid, file->st.st_gid) != 0)
        return fail(file, errno, "keep the owner of", err);
    if (fchown(file->fd, file->st.st_uid, file->st.st_gid) != 0) {
        mode &= 0777;
        if (fchown(file->fd, (uid_t)-1, file->st.st_gid) != 0)
            mode &= 0700;
    }
    return fchmod(file->fd, mode) == 0 || fail(file, errno, "set the mode of", err);
}

/* Opens it by name and checks that this is still the same file. */
static bool open_straight(struct out_file *file, struct cls_error *err)
{
    struct stat st;

    file->fd = fd_open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (file->fd < 0 || fstat(file->fd, &st) != 0)
        return fail(file, errno, "open", err);
    return (fd_same_file(&st, &file->st) && st.st_rdev == file->st.st_rdev &&
            (st.st_mode & S_IFMT) == (file->st.st_mode & S_IFMT)) ||
           fail_changed(file, err);
}

static void remove_hidden(struct out_file *file)
{
    if (file->hidden)
        unlinkat(file->dir_fd, file->cleanup->file, 0);
    file->hidden = false;
    file->cleanup->has_file = 0;
}

/* Marks it as in use. Returns false if another run has just removed it as stale. */
static bool lock(const struct out_file *file)
{
    struct stat st;

    if (flock(file->fd, LOCK_EX | LOCK_NB) != 0)
        return errno != EWOULDBLOCK;
    return !file->hidden || fstat(file->fd, &st) != 0 || st.st_nlink > 0;
}

bool out_file_open(struct out_file *file, struct cls_error *err)
{
    if (file->inherited)
        return true;
    if (out_file_is_straight(file))
        return open_straight(file, err);
    open_unnamed(file);
    if (!file->unnamed)
        open_hidden(file);
    while (file->fd >= 0 && !lock(file)) {
        close(file->fd);
        remove_hidden(file);
        open_hidden(file);
    }
    return file->fd >= 0 || fail(file, errno, "create", err);
}

static int link_unnamed(const struct out_file *file, const char *name)
{
    char proc[32];

    /* AT_EMPTY_PATH needs no /proc, but a capability. */
    snprintf(proc, sizeof(proc), PROC_FDS "/%d", file->fd);
    return linkat(AT_FDCWD, proc, file->dir_fd, name, AT_SYMLINK_FOLLOW);
}

static int rename_to_new(const struct out_file *file)
{
    struct stat st;
    int rc =
        renameat2(file->dir_fd, file->cleanup->file, file->dir_fd, file->name, RENAME_NOREPLACE);

    if (rc != 0 && errno == EINVAL) {
        /* The file system does not support the flag. */
        if (fstatat(file->dir_fd, file->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            errno = EEXIST;
        else
            rc = renameat(file->dir_fd, file->cleanup->file, file->dir_fd, file->name);
    }
    return rc;
}

/* Is that still the file that is to be replaced, unmodified? */
static bool is_original(const struct out_file *file, const char *name)
{
    struct stat st;

    return fstatat(file->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           fd_same_file(&st, &file->st) && st.st_size == file->st.st_size &&
           st.st_mtim.tv_sec == file->st.st_mtim.tv_sec &&
           st.st_mtim.tv_nsec == file->st.st_mtim.tv_nsec;
}

static void swap_back(const struct out_file *file)
{
    (void)renameat2(file->dir_fd, file->cleanup->file, file->dir_fd, file->name, RENAME_EXCHANGE);
}

/*
 * Renames the hidden file to the final name. Only a file that existed at the start is replaced.
 * undoable: swaps the two, where the file system supports that. So does --replace, to see which
 * file it has replaced.
 */
static int rename_hidden(struct out_file *file, bool undoable)
{
    if (!file->exists)
        return rename_to_new(file);
    file->swapped =
        (undoable || file->replaces) && renameat2(file->dir_fd, file->cleanup->file, file->dir_fd,
                                                  file->name, RENAME_EXCHANGE) == 0;
    if (!file->swapped)
        return renameat(file->dir_fd, file->cleanup->file, file->dir_fd, file->name);
    if (!file->replaces || is_original(file, file->cleanup->file))
        return 0;
    swap_back(file);
    file->changed = true;
    return -1;
}

/*
 * To be called with signals blocked. linkat() cannot replace a file, so an unnamed file gets a
 * hidden name first and is renamed then. A file created since the start is never replaced.
 */
static bool give_name(struct out_file *file, bool undoable)
{
    struct convert_cleanup *cleanup = file->cleanup;

    if (out_file_is_straight(file))
        return true;
    if (file->unnamed) {
        if (!file->exists)
            return link_unnamed(file, file->name) == 0;
        random_name(cleanup->file, sizeof(cleanup->file));
        if (link_unnamed(file, cleanup->file) != 0)
            return false;
        cleanup->dir_fd = file->dir_fd;
        cleanup->has_file = 1;
        file->hidden = true;
    }
    if (rename_hidden(file, undoable) != 0)
        return false;
    file->hidden = file->swapped;
    cleanup->has_file = file->hidden;
    return true;
}

/* Undoes give_name(), as far as possible. Keeps errno. */
static void undo_name(struct out_file *file)
{
    int errnum = errno;

    if (file->swapped)
        swap_back(file);
    else if (!out_file_is_straight(file) && !file->exists)
        (void)unlinkat(file->dir_fd, file->name, 0);
    errno = errnum;
}

static bool sync_file(const struct out_file *file, struct cls_error *err)
{
    struct stat st;

    if (out_file_is_straight(file) && fd_stat(file->fd, &st) == 0 && !S_ISREG(st.st_mode) &&
        !S_ISBLK(st.st_mode))
        return true;
    return fsync(file->fd) == 0 || fail(file, errno, "sync", err);
}

/* Where this fails, the file has its name and is complete. */
static bool sync_directory(const struct out_file *file, struct cls_error *err)
{
    return out_file_is_straight(file) || fsync(file->dir_fd) == 0 || errno == EINVAL ||
           fail(file, errno, "sync the directory of", err);
}

/* Returns the file that could not be named, or NULL. */
static const struct out_file *name_files(struct out_file *file, struct out_file *also)
{
    if (also && !give_name(also, true))
        return also;
    if (!give_name(file, false)) {
        if (also)
            undo_name(also);
        return file;
    }
    if (also)
        remove_hidden(also);
    remove_hidden(file);
    file->cleanup->committed = 1;
    return NULL;
}

static bool keep_access_time(const struct out_file *file, struct cls_error *err)
{
    const struct timespec times[] = {file->st.st_atim, {.tv_nsec = UTIME_OMIT}};

    return !file->replaces || futimens(file->fd, times) == 0 ||
           fail(file, errno, "keep the time of", err);
}

/* Everything but the name. Owner and mode come first, so that they are synced, too. */
static bool prepare(const struct out_file *file, bool sync, struct cls_error *err)
{
    return (out_file_is_straight(file) || take_over_owner_and_mode(file, err)) &&
           keep_access_time(file, err) && (!sync || sync_file(file, err));
}

bool out_file_commit(struct out_file *file, struct out_file *also, bool sync, struct cls_error *err)
{
    const struct out_file *unnamed;
    sigset_t old;

    if (!prepare(file, sync, err) || (also && !prepare(also, sync, err)))
        return false;
    if (file->replaces && !is_original(file, file->name))
        return fail_changed(file, err);
    hold_signals(&old);
    unnamed = name_files(file, also);
    file->name_taken = unnamed == file && errno == EEXIST && !file->exists;
    release_signals(&old);
    if (file->changed)
        return fail_changed(file, err);
    if (unnamed)
        return fail(unnamed, errno, "name", err);
    return !sync || (sync_directory(file, err) && (!also || sync_directory(also, err)));
}

void out_file_close(struct out_file *file)
{
    if (file->hidden)
        remove_hidden(file);
    if (!file->inherited && file->fd >= 0)
        close(file->fd);
    if (file->dir_fd >= 0)
        close(file->dir_fd);
    free(file->path);
}

bool out_file_remove_stale(int dir_fd, const char *name)
{
    const size_t prefix = sizeof(HIDDEN_PREFIX) - 1;
    struct stat st;
    int fd;

    if (strncmp(name, HIDDEN_PREFIX, prefix) != 0 || strlen(name) != prefix + HIDDEN_DIGITS ||
        strspn(name + prefix, "0123456789abcdef") != HIDDEN_DIGITS)
        return false;
    fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return true;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)unlinkat(dir_fd, name, 0);
    close(fd);
    return true;
}
