/*
 * The current directory in the input tree and its counterpart in the output tree.
 */
#ifndef BATCH_PLACE_H
#define BATCH_PLACE_H

#include <sys/stat.h>

#include "base/error.h"
#include "tree.h"

struct place {
    int in_root, out_root;            /* fds of the roots, owned by the caller */
    const char *in_label, *out_label; /* their names in messages */
    bool sync;                        /* sync after creating a directory */
    char *dir;                        /* current directory, relative to the roots; NULL: none */
    int in_dir, out_dir;              /* its fds; -1: not open, or it does not exist */
    struct tree in, out;              /* these own the fds */
};

/* Sets "no current directory". Roots and labels must be set. Frees nothing. */
void place_begin(struct place *place);

/*
 * Changes to the directory of path; *name becomes the last component of path. Fails if it is not in
 * the input or too deep. reopen: look again for the output's, which may have been created since.
 */
bool place_enter(struct place *place, const char *path, bool reopen, const char **name,
                 struct cls_error *err) CLS_MUST_CHECK;

/* Returns true and fills err if the directory path is nested too deep. */
bool place_too_deep(const struct place *place, const char *path, struct cls_error *err);

/* Creates the current directory in the output, if it does not exist. */
bool place_make(struct place *place, struct cls_error *err) CLS_MUST_CHECK;

/* Is there a file with this name in the output that is not older than the input (in)? */
bool place_is_up_to_date(const struct place *place, const char *name, const struct stat *in);

/* Closes and frees everything but the roots. */
void place_free(struct place *place);

#endif
