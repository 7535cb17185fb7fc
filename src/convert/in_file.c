#include "convert/in_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fds.h"
#include "decompress.h"
#include "fd_arg.h"

static bool look_at(struct in_file *file, const char *name, struct cls_error *err)
{
    off_t at;
    int flags;

    flags = fcntl(file->fd, F_GETFL);
    if (flags < 0 || fd_stat(file->fd, &file->st) != 0)
        return cls_fail_errno(err, errno, "cannot read %s", name);
    if ((flags & O_ACCMODE) == O_WRONLY)
        return cls_fail_errno(err, EBADF, "cannot read %s", name);
    if (S_ISDIR(file->st.st_mode))
        return cls_fail(err, CLS_USAGE, "%s is a directory", name);
    at = lseek(file->fd, 0, SEEK_CUR);
    file->start = at > 0 ? (uint64_t)at : 0;
    return true;
}

static bool start_decompressing(struct in_file *file, const char *name, struct cls_error *err)
{
    return !S_ISREG(file->st.st_mode) || decompress_start(&file->decompress, &file->fd, name, err);
}

bool in_file_open(struct in_file *file, const char *arg, const char *name, struct cls_error *err)
{
    *file = IN_FILE_NONE;
    file->fd = fd_arg(arg, STDIN_FILENO);
    if (file->fd < 0) {
        file->by_name = true;
        file->fd = open(arg, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (file->fd < 0)
            return cls_fail_errno(err, errno, "cannot open %s", name);
    }
    return look_at(file, name, err) && (!file->by_name || start_decompressing(file, name, err));
}

bool in_file_take(struct in_file *file, int fd, bool decompress, const char *name,
                  struct cls_error *err)
{
    *file = IN_FILE_NONE;
    file->fd = fd;
    file->by_name = true;
    return look_at(file, name, err) && (!decompress || start_decompressing(file, name, err));
}

/* A second open file, with a position of its own. */
static int open_second(int fd)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

bool in_file_prepare_again(struct in_file *file, const char *name, struct cls_error *err)
{
    int *fd;

    if (file->decompress.pid == 0)
        return lseek(file->fd, 0, SEEK_CUR) >= 0 ||
               cls_fail(err, CLS_USAGE,
                        "--verify reads the input twice, and %s cannot be read again", name);
    fd = &file->again_fd[file->again_count];
    *fd = open_second(file->decompress.file);
    if (*fd < 0)
        return cls_fail_errno(err, errno, "cannot read %s a second time", name);
    return decompress_start(&file->again[file->again_count++], fd, name, err);
}

bool in_file_can_go_back(const struct in_file *file)
{
    return in_file_is_regular(file) || file->again_begun < file->again_count;
}

bool in_file_go_back(struct in_file *file, const char *name, struct cls_error *err)
{
    int *again_fd;

    if (file->again_begun == file->again_count)
        return lseek(file->fd, (off_t)file->start, SEEK_SET) >= 0 ||
               cls_fail_errno(err, errno, "cannot read %s again", name);
    again_fd = &file->again_fd[file->again_begun++];
    close(file->fd);
    file->fd = *again_fd;
    *again_fd = -1;
    return true;
}

bool in_file_look_behind(struct in_file *file, struct cls_input *in, bool anything_behind, bool ok,
                         const struct cls_log *log, struct cls_error *err)
{
    struct decompress *d =
        file->again_begun ? &file->again[file->again_begun - 1] : &file->decompress;
    struct leftover left = {0};
    char way_out[64];

    if (!d->program)
        return ok;
    (void)decompress_look_behind(d, file->fd, ok && !anything_behind, &left);
    if (!ok || anything_behind)
        return ok;
    cls_input_at(in, "compressed file", -1, NULL);
    snprintf(way_out, sizeof(way_out), "%s -dc FILE | convert-legacy-stream -i -", d->program);
    return leftover_judge(&left, in, way_out, log, err);
}

void in_file_leave(struct in_file *file)
{
    if (file->decompress.pid == 0)
        return;
    for (int i = -1; i < IN_FILE_AGAIN; i++) {
        int *fd = i < 0 ? &file->fd : &file->again_fd[i];

        if (*fd >= 0)
            close(*fd);
        *fd = -1;
    }
}

bool in_file_finish(struct in_file *file, const char *name, uint64_t offset, bool ok,
                    struct cls_error *err)
{
    struct cls_error e;

    in_file_leave(file);
    if (file->decompress.pid != 0 && !decompress_finish(&file->decompress, name, offset, ok, err))
        ok = false;
    for (unsigned i = 0; i < file->again_count; i++)
        if (file->again[i].pid != 0 &&
            !decompress_finish(&file->again[i], name, offset, true, &e) && ok)
            ok = cls_fail(err, CLS_SYSTEM, "%s, read again: byte 0x%" PRIx64 ": %s: %s", name,
                          e.offset, e.place, e.reason);
    return ok;
}

bool in_file_is_unchanged(const struct in_file *file, const char *name, struct cls_error *err)
{
    const struct timespec *then = &file->st.st_mtim, *now;
    struct stat st;

    if (!file->by_name || !S_ISREG(file->st.st_mode))
        return true;
    if (fd_stat(in_file_raw(file), &st) != 0)
        return cls_fail_errno(err, errno, "cannot read %s", name);
    now = &st.st_mtim;
    return (st.st_size == file->st.st_size && now->tv_sec == then->tv_sec &&
            now->tv_nsec == then->tv_nsec) ||
           cls_fail(err, CLS_SYSTEM, "%s was written to while it was read", name);
}

int in_file_raw(const struct in_file *file)
{
    return file->decompress.file >= 0 ? file->decompress.file : file->fd;
}

bool in_file_is_regular(const struct in_file *file)
{
    return S_ISREG(file->st.st_mode) && file->decompress.file < 0;
}

static void close_decompress(struct decompress *d)
{
    if (d->pid != 0)
        (void)decompress_end(d, true);
    if (d->file >= 0)
        close(d->file);
    if (d->messages >= 0)
        close(d->messages);
}

void in_file_close(struct in_file *file)
{
    in_file_leave(file);
    close_decompress(&file->decompress);
    for (unsigned i = 0; i < file->again_count; i++)
        close_decompress(&file->again[i]);
    if (file->by_name && file->fd >= 0)
        close(file->fd);
}
