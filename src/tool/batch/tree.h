/*
 * A position in a tree of directories. It moves between directories by way of their common parent
 * and never follows a symbolic link. Walking a tree takes linear time at any depth.
 */
#ifndef BATCH_TREE_H
#define BATCH_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Maximum depth below the root; deeper directories are not visited. */
#define TREE_DEPTH_MAX 10000

struct tree {
    int root;   /* fd of the root, owned by the caller */
    int fd;     /* directory of the position; -1: none yet */
    char *path; /* of the position, relative to the root; without NUL */
    size_t path_size;
    struct tree_level {
        dev_t dev;
        ino_t ino;
        size_t end; /* length of its path in path */
    } * levels;     /* from the root to the position */
    size_t depth, capacity;
};

/* How missing directories are created. */
struct tree_mkdir {
    mode_t mode;
    bool sync; /* sync the parent afterwards */
};

/*
 * Moves to the directory path ("" is the root) and returns its fd, which is open for reading and
 * owned by the tree. On failure returns -1 with errno (ENAMETOOLONG also if nested too deep), and
 * the position is a directory on the way. mkdir_options NULL: missing directories are not created.
 */
int tree_enter(struct tree *tree, const char *path, const struct tree_mkdir *mkdir_options);

/* Closes and frees everything but the root; there is no position then. */
void tree_free(struct tree *tree);

/* Is the directory at path deeper than TREE_DEPTH_MAX? */
bool tree_is_too_deep(const char *path);

#endif
