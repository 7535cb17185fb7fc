/*
 * The files of a batch: paths relative to the input directory, in byte order.
 */
#ifndef BATCH_PATH_LIST_H
#define BATCH_PATH_LIST_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"
#include "shard.h"

struct path_list {
    char **paths;
    size_t count, capacity;
};

/*
 * Adds path if it is in the shard. Takes ownership of path in any case; NULL means that allocating
 * it failed, and fails.
 */
bool path_list_add(struct path_list *list, char *path, const struct shard *shard,
                   struct cls_error *err) CLS_MUST_CHECK;

/* Sorts and removes duplicates. */
void path_list_sort(struct path_list *list);

/* Frees all paths and the list. */
void path_list_free(struct path_list *list);

/*
 * Lists everything under root that is not a directory, and directories that cannot be read.
 * Symbolic links are listed and not followed. except: a directory to leave out (device and inode).
 * except NULL: outputs replace inputs, so our own temporary files are left out, and removed if no
 * process uses them. Stops early after a signal (batch_signals_ending()).
 */
bool path_list_walk(struct path_list *list, int root, const struct stat *except,
                    const struct shard *shard, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Reads paths from a file ("-": standard input), separated by NULs if it contains any, else by
 * newlines. Paths are normalised. A path outside of the input directory is an error (CLS_USAGE).
 */
bool path_list_read(struct path_list *list, const char *file, const struct shard *shard,
                    struct cls_error *err) CLS_MUST_CHECK;

#endif
