/*
 * The output. A regular file that is named appears whole or not at all: it is written without a
 * name (or under a hidden one where the file system has no unnamed files) and named at the end.
 * Everything else, and every inherited fd, is written straight.
 */
#ifndef CONVERT_OUT_FILE_H
#define CONVERT_OUT_FILE_H

#include <sys/stat.h>

#include "convert/convert.h"

struct out_file {
    int fd;
    const char *display; /* how messages call it */
    bool inherited;
    bool no_clobber;
    char *path; /* NULL: inherited */
    char *name; /* last part of path, links resolved; points into it. NULL: written straight */
    int dir_fd; /* its directory */
    bool exists;
    bool name_taken;      /* by somebody else, since then: it was not committed */
    bool unnamed, hidden; /* the temporary file: without a name, or with one in cleanup */
    bool replaces;  /* exactly the file that exists, which stays as it is but for its content */
    bool swapped;   /* what it replaced has the hidden name now */
    struct stat st; /* of what exists, or of the inherited fd */
    struct convert_cleanup *cleanup;
};

/*
 * Finds out what arg means; nothing is created. Close with out_file_close(), which also removes
 * what was not committed, also after failures.
 */
bool out_file_resolve(struct out_file *file, const char *arg, const char *display, bool no_clobber,
                      struct convert_cleanup *cleanup, struct cls_error *err) CLS_MUST_CHECK;

/* As above, for a name in a directory that is open; a link there is not followed, but in the way.
 */
bool out_file_resolve_at(struct out_file *file, int dir_fd, const char *name, const char *display,
                         bool no_clobber, struct convert_cleanup *cleanup,
                         struct cls_error *err) CLS_MUST_CHECK;

/* Is it the very file that st describes? (Regular files and block devices only.) */
bool out_file_is(const struct out_file *file, const struct stat *st);

/* Do both mean the same file, there already or not? */
bool out_file_are_same(const struct out_file *a, const struct out_file *b);

/* Is it written straight, so that a reader sees what was written before a failure? */
bool out_file_is_straight(const struct out_file *file);

/* Makes fd ready for writing. */
bool out_file_open(struct out_file *file, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Everything was written: makes it durable (if sync and a file), and gives it its name. So it does
 * with also (may be NULL): both get their names, or neither, on file systems that can swap two
 * files (not NFS), or where also is new.
 */
bool out_file_commit(struct out_file *file, struct out_file *also, bool sync,
                     struct cls_error *err) CLS_MUST_CHECK;

void out_file_close(struct out_file *file);

/* If name in that directory is a temporary file of a process that was killed, removes it. True: it
 * is a temporary file, in use or not. */
bool out_file_remove_stale(int dir_fd, const char *name);

#endif
