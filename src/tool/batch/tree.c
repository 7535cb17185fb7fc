#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static void replace_fd(struct tree *t, int fd)
{
    if (t->fd >= 0)
        close(t->fd);
    t->fd = fd;
}

/*
 * Makes the directory fd, whose ownership passes, the position. level: its depth below the root;
 * end: length of its path in t->path.
 */
static bool set_position(struct tree *t, int fd, size_t level, size_t end)
{
    struct stat st;

    if (level >= t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 16;
        struct tree_level *grown = reallocarray(t->levels, capacity, sizeof(*grown));

        if (grown) {
            t->levels = grown;
            t->capacity = capacity;
        }
    }
    if (level >= t->capacity || fstat(fd, &st) != 0) {
        close(fd);
        return false;
    }
    t->levels[level] = (struct tree_level){.dev = st.st_dev, .ino = st.st_ino, .end = end};
    t->depth = level;
    replace_fd(t, fd);
    return true;
}

static bool start_at_root(struct tree *t)
{
    int fd = openat(t->root, ".", DIRECTORY);

    return fd >= 0 && set_position(t, fd, 0, 0);
}

/* Moves to the parent. Fails if ".." is another directory, since the current one was moved. */
static bool go_up(struct tree *t)
{
    int fd = openat(t->fd, "..", DIRECTORY);
    const struct tree_level *above = &t->levels[t->depth - 1];
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || st.st_dev != above->dev || st.st_ino != above->ino) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    t->depth--;
    replace_fd(t, fd);
    return true;
}

/* Returns the depth of the deepest directory that is on both path and the position's path. */
static size_t common_level(const struct tree *t, const char *path)
{
    size_t same = 0, level = t->depth, end = t->levels[level].end;

    while (same < end && path[same] == t->path[same])
        same++;
    while (t->levels[level].end > same ||
           (level > 0 && path[t->levels[level].end] != '/' && path[t->levels[level].end] != '\0'))
        level--;
    return level;
}

static bool go_to_common(struct tree *t, const char *path)
{
    size_t level;

    if (t->fd < 0)
        return start_at_root(t);
    level = common_level(t, path);
    while (t->depth > level)
        if (!go_up(t))
            return start_at_root(t);
    return true;
}

static int open_or_make(int dir, const char *name, const struct tree_mkdir *mkdir_options)
{
    int fd = openat(dir, name, DIRECTORY);

    if (fd >= 0 || errno != ENOENT || !mkdir_options)
        return fd;
    if (mkdirat(dir, name, mkdir_options->mode) != 0 && errno != EEXIST)
        return -1;
    if (mkdir_options->sync && fsync(dir) != 0 && errno != EINVAL)
        return -1;
    return openat(dir, name, DIRECTORY);
}

static bool store_path(struct tree *t, const char *path, size_t len)
{
    if (len >= t->path_size) {
        char *grown = realloc(t->path, 2 * len + 64);

        if (!grown)
            return false;
        t->path = grown;
        t->path_size = 2 * len + 64;
    }
    memcpy(t->path, path, len);
    return true;
}

/* Moves one level down, to the next component of path, which begins with the position's path. */
static bool go_down(struct tree *t, const char *path, const struct tree_mkdir *mkdir_options)
{
    size_t start = t->levels[t->depth].end, len;
    char name[NAME_MAX + 1];
    int fd;

    start += path[start] == '/';
    len = strcspn(path + start, "/");
    errno = ENAMETOOLONG;
    if (len >= sizeof(name) || t->depth == TREE_DEPTH_MAX || !store_path(t, path, start + len))
        return false;
    memcpy(name, path + start, len);
    name[len] = '\0';
    fd = open_or_make(t->fd, name, mkdir_options);
    return fd >= 0 && set_position(t, fd, t->depth + 1, start + len);
}

int tree_enter(struct tree *tree, const char *path, const struct tree_mkdir *mkdir_options)
{
    if (!go_to_common(tree, path))
        return -1;
    while (path[tree->levels[tree->depth].end])
        if (!go_down(tree, path, mkdir_options))
            return -1;
    return tree->fd;
}

void tree_free(struct tree *tree)
{
    replace_fd(tree, -1);
    free(tree->path);
    free(tree->levels);
    *tree = (struct tree){.root = tree->root, .fd = -1};
}

bool tree_is_too_deep(const char *path)
{
    size_t depth = *path != '\0';

    for (; *path; path++)
        depth += *path == '/';
    return depth > TREE_DEPTH_MAX;
}
