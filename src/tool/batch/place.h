/*
 * Where in the two trees we are: one directory of the input and its mirror in the output.
 */
#ifndef BATCH_PLACE_H
#define BATCH_PLACE_H

#include <sys/stat.h>

#include "base/error.h"
#include "tree.h"

struct place {
    int in_root, out_root;            /* open directories */
    const char *in_label, *out_label; /* how messages call them */
    bool sync;                        /* directories are made durably */
    char *dir;                        /* relative to both; NULL: nowhere yet */
    int in_dir, out_dir;              /* of it; -1: not open, or not there */
    struct tree in, out;              /* which hold them open */
};

/* Nowhere yet. The roots and labels are set. What it was before is forgotten, not freed. */
void place_begin(struct place *place);

/*
 * Goes to the directory of path; *name is the last part of path. Fails where there is none, or it
 * is too deep. again: the output's may have appeared since the last time.
 */
bool place_enter(struct place *place, const char *path, bool again, const char **name,
                 struct cls_error *err) CLS_MUST_CHECK;

/* True, and fills err: the directory path is too deep to be looked into. */
bool place_too_deep(const struct place *place, const char *path, struct cls_error *err);

/* Makes the output's directory, where it is not there yet. */
bool place_make(struct place *place, struct cls_error *err) CLS_MUST_CHECK;

/* Is name in the output a file that is not older than in, the input's? */
bool place_is_up_to_date(const struct place *place, const char *name, const struct stat *in);

/* Frees all but the roots. */
void place_leave(struct place *place);

#endif
