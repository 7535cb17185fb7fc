/*
 * The output. A regular file that is given by name appears complete or not at all: it is written as
 * an unnamed file (a hidden one where the file system has no O_TMPFILE) and named at the end. Other
 * files and inherited fds are written directly.
 */
#ifndef CONVERT_OUT_FILE_H
#define CONVERT_OUT_FILE_H

#include <sys/stat.h>

#include "convert/convert.h"

struct out_file {
    int fd;
    const char *display; /* name for messages */
    bool inherited;
    bool no_clobber;
    char *path; /* NULL: inherited */
    char *name; /* last part of path, links resolved; points into it. NULL: written directly */
    int dir_fd; /* its directory */
    bool exists;
    bool name_taken;      /* not committed: a file of that name was created meanwhile */
    bool unnamed, hidden; /* the temporary file: without a name, or with one in cleanup */
    bool replaces;        /* --replace: keeps owner, mode and access time */
    bool swapped;         /* the replaced file has the hidden name now */
    struct stat st;       /* of what exists, or of the inherited fd */
    struct convert_cleanup *cleanup;
};

/*
 * Finds out what arg means; creates nothing. Close with out_file_close(), also after failures; that
 * removes a file that was not committed.
 */
bool out_file_resolve(struct out_file *file, const char *arg, const char *display, bool no_clobber,
                      struct convert_cleanup *cleanup, struct cls_error *err) CLS_MUST_CHECK;

/* As above, for a name in an open directory; a symbolic link of that name is an error. */
bool out_file_resolve_at(struct out_file *file, int dir_fd, const char *name, const char *display,
                         bool no_clobber, struct convert_cleanup *cleanup,
                         struct cls_error *err) CLS_MUST_CHECK;

/* Is it the very file that st describes? (Regular files and block devices only.) */
bool out_file_is(const struct out_file *file, const struct stat *st);

/* Do both mean the same file, whether it exists or not? */
bool out_file_are_same(const struct out_file *a, const struct out_file *b);

/* Is it written directly, so that a reader sees what was written before a failure? */
bool out_file_is_straight(const struct out_file *file);

/* Makes fd ready for writing. */
bool out_file_open(struct out_file *file, struct cls_error *err) CLS_MUST_CHECK;

/*
 * When everything is written: syncs the file (if sync) and names it. The same with also (may be
 * NULL): both get their names or neither, where the file system can swap two files (not NFS) or
 * also is new.
 */
bool out_file_commit(struct out_file *file, struct out_file *also, bool sync,
                     struct cls_error *err) CLS_MUST_CHECK;

void out_file_close(struct out_file *file);

/*
 * Is name in that directory a temporary file of ours? Removes it if it is not in use: its process
 * was killed.
 */
bool out_file_remove_stale(int dir_fd, const char *name);

#endif
