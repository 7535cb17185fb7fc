/*
 * The output. A regular file given by name is renamed into place when it is complete: until then it
 * is an unnamed file (a hidden one if O_TMPFILE is not possible). Other files and inherited fds are
 * written directly.
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
    char *path; /* owned; NULL: inherited */
    char *name; /* last component of path, links resolved; in path. NULL: written directly */
    int dir_fd; /* its directory */
    bool exists;
    bool name_taken;      /* not committed: a file of that name was created meanwhile */
    bool unnamed, hidden; /* the temporary file has no name, or has the one in cleanup */
    bool replaces;        /* --replace: keeps owner, mode and access time */
    bool swapped;         /* the replaced file now has the hidden name */
    bool changed;         /* the file to replace was found to be another one, or modified */
    struct stat st;       /* of the existing file or the inherited fd */
    struct convert_cleanup *cleanup;
};

/*
 * Resolves arg of -o: a path, "-" or an fd. Creates nothing. The caller keeps ownership of display
 * (name for messages) and cleanup. Fails with CLS_USAGE if the output cannot be used (a directory,
 * a terminal, or with no_clobber an existing file). Close with out_file_close(), also after a
 * failure.
 */
bool out_file_resolve(struct out_file *file, const char *arg, const char *display, bool no_clobber,
                      struct convert_cleanup *cleanup, struct cls_error *err) CLS_MUST_CHECK;

/* Like out_file_resolve(), for a name in an open directory. A symbolic link is an error. */
bool out_file_resolve_at(struct out_file *file, int dir_fd, const char *name, const char *display,
                         bool no_clobber, struct convert_cleanup *cleanup,
                         struct cls_error *err) CLS_MUST_CHECK;

/* Is it the existing file that st describes? Regular files and block devices only. */
bool out_file_is(const struct out_file *file, const struct stat *st);

/* Do a and b name the same file, existing or not? */
bool out_file_are_same(const struct out_file *a, const struct out_file *b);

/* Is it written directly, so that a reader gets the bytes written before a failure? */
bool out_file_is_straight(const struct out_file *file);

/* Opens file->fd for writing: the temporary file, or the file that is written directly. */
bool out_file_open(struct out_file *file, struct cls_error *err) CLS_MUST_CHECK;

/*
 * To be called when everything is written: sets owner and mode, syncs the file (if sync) and
 * renames it into place. also (may be NULL) is treated in the same way: both get their names or
 * neither, if the file system can swap two files (not NFS) or also is new. If only the sync of a
 * directory fails, the files have their names.
 */
bool out_file_commit(struct out_file *file, struct out_file *also, bool sync,
                     struct cls_error *err) CLS_MUST_CHECK;

/* Closes the file. Removes the temporary file if it was not committed. */
void out_file_close(struct out_file *file);

/*
 * Is name in that directory one of our temporary files? If so, returns true, and removes the file
 * if no process uses it: its process was killed.
 */
bool out_file_remove_stale(int dir_fd, const char *name);

#endif
