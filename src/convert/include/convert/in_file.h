/*
 * The input as a file: opened by name, or inherited and never touched beyond the stream. One that
 * is named and compressed is read through the program that uncompresses it.
 */
#ifndef CONVERT_IN_FILE_H
#define CONVERT_IN_FILE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/input.h"
#include "base/log.h"

struct decompress {
    pid_t pid;           /* of the program; 0: it does not run */
    const char *program; /* NULL: the file is not compressed */
    int file;            /* the compressed file; -1: it is not compressed */
    int messages;        /* an unnamed file: what it printed */
    bool ended;          /* it had no more to give, before anybody stopped reading */
    bool failed;         /* it could not uncompress the file */
};

#define IN_FILE_AGAIN 2 /* to leave out pages that were given back, and to verify */

struct in_file {
    int fd;
    bool by_name;   /* opened, and to be closed, by us; nobody else reads on */
    uint64_t start; /* offset of the first byte, 0 where the input cannot seek */
    struct stat st; /* of the file itself */
    struct decompress decompress;
    /* Uncompress it once more, and wait until that is read. */
    struct decompress again[IN_FILE_AGAIN];
    int again_fd[IN_FILE_AGAIN];       /* from them; -1: none, or no more */
    unsigned again_count, again_begun; /* how many there are, and are read */
};

/* None is open; in_file_close() may be called. */
#define IN_FILE_NONE                                                                               \
    ((struct in_file){.fd = -1,                                                                    \
                      .decompress = {.file = -1, .messages = -1},                                  \
                      .again = {{.file = -1, .messages = -1}, {.file = -1, .messages = -1}},       \
                      .again_fd = {-1, -1}})

/*
 * name: how messages call it. To be called before the sandbox is entered. Close with
 * in_file_close(), also after a failure.
 */
bool in_file_open(struct in_file *file, const char *arg, const char *name,
                  struct cls_error *err) CLS_MUST_CHECK;

/* As if the file had been opened by name: the fd is closed with it. decompress: if it is
 * compressed. */
bool in_file_take(struct in_file *file, int fd, bool decompress, const char *name,
                  struct cls_error *err) CLS_MUST_CHECK;

/*
 * Makes in_file_go_back() possible, once more than before where the file is compressed; before the
 * sandbox is entered. CLS_USAGE where the input cannot be read again.
 */
bool in_file_prepare_again(struct in_file *file, const char *name,
                           struct cls_error *err) CLS_MUST_CHECK;

/* Was that done, or is it not needed? */
bool in_file_can_go_back(const struct in_file *file);

/* After in_file_look_behind(): the file stands where it began. */
bool in_file_go_back(struct in_file *file, const char *name, struct cls_error *err) CLS_MUST_CHECK;

/*
 * After in was read from the file, well (ok) or not, by the process that reads it: where it is
 * compressed, notes whether that has ended; and where the stream is whole (ok) fails, unless
 * anything_behind, if more data is to come. Else returns ok, and err as it is.
 */
bool in_file_look_behind(struct in_file *file, struct cls_input *in, bool anything_behind, bool ok,
                         const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/* Another process reads: what uncompresses the file shall notice when that one stops. */
void in_file_leave(struct in_file *file);

/*
 * Then, by the process that opened it: takes the end of what uncompressed it. Fails where that
 * failed, which explains an input that ended early, at this offset, better than err does. Else
 * returns ok, and err as it is.
 */
bool in_file_finish(struct in_file *file, const char *name, uint64_t offset, bool ok,
                    struct cls_error *err) CLS_MUST_CHECK;

/*
 * Is what was read the file as it is? Of one that somebody wrote to meanwhile a part may be old and
 * a part new: CLS_SYSTEM, as another try may find it whole. Inherited fds are others' affair.
 */
bool in_file_is_unchanged(const struct in_file *file, const char *name,
                          struct cls_error *err) CLS_MUST_CHECK;

/* The file itself, compressed or not: for those who want its bytes. */
int in_file_raw(const struct in_file *file);

/* Is fd a regular file: seekable, and all there? */
bool in_file_is_regular(const struct in_file *file);

void in_file_close(struct in_file *file);

#endif
