/*
 * The files of a batch, by their paths relative to the input directory, sorted by their bytes.
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
 * Takes over path (from malloc(); NULL: there was no memory), which is freed on failure and where
 * it is not in the shard.
 */
bool path_list_add(struct path_list *list, char *path, const struct shard *shard,
                   struct cls_error *err) CLS_MUST_CHECK;

/* Sorts, and drops what is there twice. */
void path_list_sort(struct path_list *list);
void path_list_free(struct path_list *list);

/*
 * Everything under root that is no directory, links included, which are not followed; of
 * directories only those that can't be read. except: a directory that is left out (device and
 * inode); NULL: outputs replace their inputs, so our own temporary files are left out and removed
 * where no process uses them any more. Left at batch_signals_end().
 */
bool path_list_walk(struct path_list *list, int root, const struct stat *except,
                    const struct shard *shard, struct cls_error *err) CLS_MUST_CHECK;

/*
 * What a file ("-": standard input) lists, ended by NULs if there is any, else by newlines. "./" at
 * the start of a path is dropped. A path that leads out of the input directory is an error
 * (CLS_USAGE).
 */
bool path_list_read(struct path_list *list, const char *file, const struct shard *shard,
                    struct cls_error *err) CLS_MUST_CHECK;

#endif
