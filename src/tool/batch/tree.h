/*
 * A position in a tree of directories. It moves from directory to directory by way of their common
 * parent, never through a symbolic link, so that walking a whole tree takes time that is linear in
 * its size, however deep it is.
 */
#ifndef BATCH_TREE_H
#define BATCH_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Levels below the root; what lies deeper is not visited. */
#define TREE_DEPTH_MAX 10000

struct tree {
    int root; /* an open directory; the caller's */
    int fd;   /* the directory of the position; -1: none yet */
    char *path;
    size_t path_size;
    struct tree_level {
        dev_t dev;
        ino_t ino;
        size_t end; /* of its part of path */
    } * levels;     /* from the root, which is the first, to the position */
    size_t depth, capacity;
};

/* How missing directories are made. */
struct tree_making {
    mode_t mode;
    bool sync; /* durably */
};

/*
 * Moves to the directory path ("" is the root) and returns its fd, which stays the tree's and is
 * open for reading; -1 and errno on failure (ENAMETOOLONG also for one too deep). Then the position
 * is some directory above. making NULL: nothing is made.
 */
int tree_go(struct tree *tree, const char *path, const struct tree_making *making);

/* Frees what it holds; the position is lost. */
void tree_leave(struct tree *tree);

/* Is the directory path deeper than TREE_DEPTH_MAX? */
bool tree_is_too_deep(const char *path);

#endif
