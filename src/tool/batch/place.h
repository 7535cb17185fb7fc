/*
 * Where in the two trees we are: one directory of the input and its mirror in the output.
 */
#ifndef BATCH_PLACE_H
#define BATCH_PLACE_H

#include <sys/stat.h>

#include "base/error.h"

struct place {
    int in_root, out_root;            /* open directories */
    const char *in_label, *out_label; /* how messages call them */
    bool sync;                        /* directories are made durably */
    char *dir;                        /* relative to both; NULL: nowhere yet */
    int in_dir, out_dir;              /* of it; -1: not open, or not there */
};

/* Goes to the directory of path; *name is the last part of path. Fails where there is none. */
bool place_enter(struct place *place, const char *path, const char **name,
                 struct cls_error *err) CLS_MUST_CHECK;

/* Makes the output's directory, where it is not there yet. */
bool place_make(struct place *place, struct cls_error *err) CLS_MUST_CHECK;

/* Is name in the output a file that is not older than in, the input's? */
bool place_is_up_to_date(const struct place *place, const char *name, const struct stat *in);

void place_leave(struct place *place);

#endif
