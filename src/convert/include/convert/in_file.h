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
    int fd;              /* the end of its pipe that is read; 0: closed */
    int messages;        /* an unnamed file: what it printed; 0: none */
    bool ended;          /* it had no more to give, before anybody stopped reading */
    bool failed;         /* it could not uncompress the file */
};

/* A compressed file is read once more to leave out pages that were given back, and to verify. */
#define IN_FILE_RUNS       3
#define IN_FILE_NAME_SHOWN 256

struct in_file {
    char name[IN_FILE_NAME_SHOWN]; /* for messages */
    int fd;                        /* to read from: the file, or the pipe of what uncompresses it */
    int raw;                       /* the file itself, compressed or not */
    bool by_name;                  /* opened, and to be closed, by us; nobody else reads on */
    uint64_t start;                /* offset of the first byte, 0 where the input cannot seek */
    struct stat st;                /* of the file itself */
    struct decompress runs[IN_FILE_RUNS]; /* of a compressed file: for each time that it is read */
    unsigned count, current;              /* how many were started; which one is read */
};

/* None is open; in_file_close() may be called. */
#define IN_FILE_NONE ((struct in_file){.fd = -1, .raw = -1})

/* Is it uncompressed by another program? */
static inline bool in_file_is_compressed(const struct in_file *file)
{
    return file->count > 0;
}

/*
 * arg: as of -i. To be called before the sandbox is entered. Close with in_file_close(), also after
 * a failure.
 */
bool in_file_open(struct in_file *file, const char *arg, struct cls_error *err) CLS_MUST_CHECK;

/*
 * As if the file had been opened by this name: the fd is closed with it. decompress: if it is
 * compressed.
 */
bool in_file_take(struct in_file *file, int fd, bool decompress, const char *name,
                  struct cls_error *err) CLS_MUST_CHECK;

/* Initialises in, which reads from the file; limit and watch are as in struct cls_input. */
void in_file_begin(const struct in_file *file, struct cls_input *in, uint64_t limit,
                   struct cls_watch *watch);

/*
 * Makes in_file_go_back() possible, once more than before where the file is compressed; before the
 * sandbox is entered. CLS_USAGE where the input cannot be read again.
 */
bool in_file_prepare_again(struct in_file *file, struct cls_error *err) CLS_MUST_CHECK;

/* Was that done, or is it not needed? */
bool in_file_can_go_back(const struct in_file *file);

/* After in_file_look_behind(): the file stands where it began. */
bool in_file_go_back(struct in_file *file, struct cls_error *err) CLS_MUST_CHECK;

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
bool in_file_finish(struct in_file *file, uint64_t offset, bool ok,
                    struct cls_error *err) CLS_MUST_CHECK;

/*
 * Is what was read the file as it is? Of one that somebody wrote to meanwhile a part may be old and
 * a part new: CLS_SYSTEM, as another try may find it whole. Inherited fds are others' affair.
 */
bool in_file_is_unchanged(const struct in_file *file, struct cls_error *err) CLS_MUST_CHECK;

/* Is fd a regular file: seekable, and all there? */
bool in_file_is_regular(const struct in_file *file);

void in_file_close(struct in_file *file);

#endif
