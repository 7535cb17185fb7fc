#include "convert/in_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fds.h"
#include "convert/convert.h"
#include "decompress.h"
#include "leftover.h"

/* Zeros behind a stream are uncompressed and counted up to this size. */
#define PADDING_MAX ((uint64_t)16 * 1024 * 1024)

static bool look_at(struct in_file *file, struct cls_error *err)
{
    int flags = fcntl(file->fd, F_GETFL);
    off_t at;

    if (flags < 0 || fd_stat(file->fd, &file->st) != 0)
        return cls_fail_errno(err, errno, "cannot read %s", file->name);
    if ((flags & O_ACCMODE) == O_WRONLY)
        return cls_fail_errno(err, EBADF, "cannot read %s", file->name);
    if (S_ISDIR(file->st.st_mode))
        return cls_fail(err, CLS_USAGE, "%s is a directory", file->name);
    at = lseek(file->fd, 0, SEEK_CUR);
    file->start = at > 0 ? (uint64_t)at : 0;
    return true;
}

/* Where the file is compressed: one more run that reads fd, which is the file. */
static bool start_run(struct in_file *file, int fd, struct cls_error *err)
{
    struct decompress *run = &file->runs[file->count];

    if (!S_ISREG(file->st.st_mode))
        return true;
    if (!decompress_start(run, fd, file->name, err))
        return false;
    file->count += run->program != NULL;
    return true;
}

static bool open_file(struct in_file *file, bool decompress, struct cls_error *err)
{
    file->fd = file->raw;
    if (!look_at(file, err) || (decompress && !start_run(file, file->raw, err)))
        return false;
    if (in_file_is_compressed(file))
        file->fd = file->runs[0].fd;
    return true;
}

bool in_file_open(struct in_file *file, const char *arg, struct cls_error *err)
{
    *file = IN_FILE_NONE;
    convert_display_name(arg, true, file->name, sizeof(file->name));
    file->raw = convert_fd(arg, STDIN_FILENO);
    file->by_name = file->raw < 0;
    if (file->by_name)
        file->raw = fd_open(arg, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file->raw < 0)
        return cls_fail_errno(err, errno, "cannot open %s", file->name);
    return open_file(file, file->by_name, err);
}

bool in_file_take(struct in_file *file, int fd, bool decompress, const char *name,
                  struct cls_error *err)
{
    *file = IN_FILE_NONE;
    snprintf(file->name, sizeof(file->name), "%s", name);
    file->raw = fd;
    file->by_name = true;
    return open_file(file, decompress, err);
}

void in_file_begin(const struct in_file *file, struct cls_input *in, uint64_t limit,
                   struct cls_watch *watch)
{
    cls_input_init(in, file->fd, file->name, file->start, watch);
    in->ends = in_file_is_compressed(file);
    in->limit = limit;
    if (watch)
        watch->unsized = in->ends;
}

/* A second open file, with a position of its own. */
static int open_second(int fd)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

bool in_file_prepare_again(struct in_file *file, struct cls_error *err)
{
    bool ok;
    int fd;

    if (!in_file_is_compressed(file))
        return lseek(file->fd, 0, SEEK_CUR) >= 0 ||
               cls_fail(err, CLS_USAGE,
                        "--verify reads the input twice, but %s cannot be read again", file->name);
    fd = open_second(file->raw);
    if (fd < 0)
        return cls_fail_errno(err, errno, "cannot read %s a second time", file->name);
    ok = start_run(file, fd, err);
    close(fd);
    return ok;
}

bool in_file_can_go_back(const struct in_file *file)
{
    return in_file_is_regular(file) || file->current + 1 < file->count;
}

bool in_file_go_back(struct in_file *file, struct cls_error *err)
{
    if (file->current + 1 >= file->count)
        return lseek(file->fd, (off_t)file->start, SEEK_SET) >= 0 ||
               cls_fail_errno(err, errno, "cannot read %s again", file->name);
    close(file->fd);
    file->runs[file->current].fd = 0;
    file->fd = file->runs[++file->current].fd;
    return true;
}

/*
 * Reads on, to the end if skip; otherwise until something is found that is not padding. ok: as for
 * in_file_look_behind().
 */
static bool read_rest(struct decompress *run, const struct cls_input *in, bool skip, bool ok,
                      struct leftover *left, struct cls_error *err)
{
    struct cls_input rest = *in; /* the offset of in stays */
    uint8_t bytes[LEFTOVER_STEP];
    size_t n;

    rest.watch = NULL;
    do {
        if (!cls_input_read_some(&rest, bytes, sizeof(bytes), &n, err))
            return false;
        leftover_add(left, bytes, n);
    } while (ok && n == sizeof(bytes) && (skip || (!left->is_data && left->size < PADDING_MAX)));
    run->ended = n < sizeof(bytes);
    left->more = !run->ended;
    left->is_data |= left->more;
    return true;
}

bool in_file_look_behind(struct in_file *file, struct cls_input *in, bool skip, bool ok,
                         const struct cls_log *log, struct cls_error *err)
{
    struct decompress *run = &file->runs[file->current];
    struct leftover left = {0};
    struct cls_error e;
    char way_out[64];

    if (!in_file_is_compressed(file))
        return ok;
    cls_input_at(in, "compressed file", -1, NULL);
    if (!read_rest(run, in, skip, ok, &left, ok ? err : &e))
        return false;
    snprintf(way_out, sizeof(way_out), "%s -dc FILE | convert-legacy-stream -i -", run->program);
    return ok && (skip || leftover_judge(&left, in, way_out, log, err));
}

void in_file_close_pipes(struct in_file *file)
{
    for (unsigned i = 0; i < file->count; i++) {
        if (file->runs[i].fd > 0)
            close(file->runs[i].fd);
        file->runs[i].fd = 0;
        file->fd = -1;
    }
}

bool in_file_finish(struct in_file *file, uint64_t offset, bool ok, struct cls_error *err)
{
    struct cls_error e;

    in_file_close_pipes(file);
    for (unsigned i = 0; i < file->count; i++) {
        if (file->runs[i].pid == 0 || decompress_finish(&file->runs[i], file->name, offset, &e))
            continue;
        if (i == 0)
            *err = e;
        else if (ok)
            cls_fail(err, CLS_SYSTEM, "%s, read again: byte 0x%" PRIx64 ": %s: %s", file->name,
                     e.offset, e.place, e.reason);
        ok = false;
    }
    return ok;
}

bool in_file_is_unchanged(const struct in_file *file, struct cls_error *err)
{
    const struct timespec *then = &file->st.st_mtim, *now;
    struct stat st;

    if (!file->by_name || !S_ISREG(file->st.st_mode))
        return true;
    if (fd_stat(file->raw, &st) != 0)
        return cls_fail_errno(err, errno, "cannot read %s", file->name);
    now = &st.st_mtim;
    return (st.st_size == file->st.st_size && now->tv_sec == then->tv_sec &&
            now->tv_nsec == then->tv_nsec) ||
           cls_fail(err, CLS_SYSTEM, "%s was modified while it was read", file->name);
}

bool in_file_is_regular(const struct in_file *file)
{
    return S_ISREG(file->st.st_mode) && !in_file_is_compressed(file);
}

void in_file_close(struct in_file *file)
{
    in_file_close_pipes(file);
    for (unsigned i = 0; i < IN_FILE_RUNS; i++) {
        if (file->runs[i].pid != 0)
            (void)decompress_end(&file->runs[i], true);
        if (file->runs[i].messages > 0)
            close(file->runs[i].messages);
    }
    if (file->by_name && file->raw >= 0)
        close(file->raw);
}
