#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fds.h"
#include "batch_signals.h"
#include "convert/out_file.h"
#include "path_list.h"
#include "tree.h"

struct walk {
    struct tree tree;
    const struct stat *except;
    const struct shard *shard;
    struct path_list *files, dirs; /* dirs: not visited yet */
};

static char *join(const char *dir, const char *name)
{
    char *path;

    return asprintf(&path, "%s%s%s", dir, *dir ? "/" : "", name) < 0 ? NULL : path;
}

static bool is_directory(int dir, const struct dirent *entry)
{
    struct stat st;

    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static bool add_entries(struct walk *w, DIR *dir, const char *path, struct cls_error *err)
{
    static const struct shard no_shard;
    const struct dirent *entry;

    while ((errno = 0, entry = readdir(dir))) {
        const char *name = entry->d_name;
        bool ok;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (!w->except && out_file_remove_stale(dirfd(dir), name))
            continue;
        if (is_directory(dirfd(dir), entry))
            ok = path_list_add(&w->dirs, join(path, name), &no_shard, err);
        else
            ok = path_list_add(w->files, join(path, name), w->shard, err);
        if (!ok)
            return false;
    }
    /* Ignoring this error would leave files out without a message. */
    return errno == 0 || cls_fail_errno(err, errno, "cannot list all of the directory %s",
                                        *path ? path : "that was given");
}

static bool walk_directory(struct walk *w, const char *path, struct cls_error *err)
{
    int at = tree_enter(&w->tree, path, NULL),
        fd = at < 0 ? -1 : openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    DIR *dir;
    bool ok;

    if (w->except && fd >= 0 && fstat(fd, &st) == 0 && fd_same_file(&st, w->except)) {
        close(fd);
        return true;
    }
    dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        /* Directories that vanished are ignored. Others get a row in the reports later. */
        return errno == ENOENT || path_list_add(w->files, strdup(path), w->shard, err);
    }
    ok = add_entries(w, dir, path, err);
    closedir(dir);
    return ok;
}

bool path_list_walk(struct path_list *list, int root, const struct stat *except,
                    const struct shard *shard, struct cls_error *err)
{
    static const struct shard no_shard;
    struct walk w = {
        .tree = {.root = root, .fd = -1}, .except = except, .shard = shard, .files = list};
    bool ok = path_list_add(&w.dirs, strdup(""), &no_shard, err);

    while (ok && w.dirs.count > 0 && !batch_signals_ending()) {
        char *path = w.dirs.paths[--w.dirs.count];

        ok = walk_directory(&w, path, err);
        free(path);
    }
    tree_free(&w.tree);
    path_list_free(&w.dirs);
    if (ok)
        path_list_sort(list);
    return ok;
}
