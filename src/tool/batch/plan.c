#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch_signals.h"

static const char *file_type_name(mode_t mode)
{
    return S_ISLNK(mode)    ? "a symbolic link (not followed)"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

/* Can the directory be listed and its files be opened? Sets errno if not. */
static bool is_readable(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is = fd >= 0 && faccessat(fd, ".", X_OK, AT_EACCESS) == 0;
    int errnum = errno;

    if (fd >= 0)
        close(fd);
    errno = errnum;
    return is;
}

/*
 * Returns true if the file is to be converted, and sets *size. Else fills its row. A directory is
 * in the list only if it could not be read, or if the user listed it.
 */
static bool must_convert(struct pool *pool, const char *path, uint64_t *size, struct row *row)
{
    struct cls_error why;
    const char *name;
    struct stat st;

    row->result = ROW_FAILED;
    if (!place_enter(&pool->place, path, false, &name, &why)) {
        row->status = why.status;
    } else if (fstatat(pool->place.in_dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        cls_fail_errno(&why, errno, "cannot find %s/%s", pool->place.in_label, path);
    } else if (S_ISDIR(st.st_mode) && place_too_deep(&pool->place, path, &why)) {
        row->status = why.status;
    } else if (S_ISDIR(st.st_mode)) {
        bool readable = is_readable(pool->place.in_dir, name);

        cls_fail_errno(&why, readable ? EISDIR : errno, "cannot read %s/%s", pool->place.in_label,
                       path);
        why.status = readable ? CLS_USAGE : CLS_SYSTEM; /* readable: the user listed it */
    } else if (!S_ISREG(st.st_mode)) {
        row->result = ROW_OTHER;
        cls_fail(&why, CLS_OK, "%s", file_type_name(st.st_mode));
    } else if (!pool->options->force && !pool->setup.options.replace &&
               place_is_up_to_date(&pool->place, name, &st)) {
        row->result = ROW_UP_TO_DATE;
        row->bytes_in = (uint64_t)st.st_size;
        return false;
    } else {
        *size = (uint64_t)st.st_size;
        return true;
    }
    row->status = row->result == ROW_FAILED ? why.status : CLS_OK;
    row_explain(row, &why);
    return false;
}

bool plan_make(struct pool *pool, struct cls_error *err)
{
    const struct path_list *list = &pool->list;

    pool->tasks = calloc(list->count ? list->count : 1, sizeof(*pool->tasks));
    if (!pool->tasks)
        return cls_fail_errno(err, ENOMEM, "cannot plan the work");
    for (size_t i = 0; i < list->count && !batch_signals_ending(); i++) {
        struct task *task = &pool->tasks[pool->count];
        struct row row = {0};

        task->path = list->paths[i];
        if (must_convert(pool, task->path, &task->size, &row)) {
            pool->bytes += task->size;
            pool->count++;
        } else if (!pool_report(pool, task->path, &row, err)) {
            return false;
        }
    }
    return true;
}
