/*
 * The input as a file: opened by name, or an inherited fd that is not read beyond the stream. A
 * compressed file that is named is read through a decompressor.
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
    bool ended;          /* its output was read to the end */
    bool failed;         /* it could not uncompress the file */
};

/* A compressed file is read once more to leave out pages that were given back, and to verify. */
#define IN_FILE_RUNS       3
#define IN_FILE_NAME_SHOWN 256

struct in_file {
    char name[IN_FILE_NAME_SHOWN]; /* for messages */
    int fd;                        /* to read from: the file, or the pipe of what uncompresses it */
    int raw;                       /* the file itself, compressed or not */
    bool by_name;                  /* opened and closed by us; read by nobody else */
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
 * As in_file_open() for a file of this name that is open already; takes the fd over. decompress:
 * read a compressed file through a decompressor.
 */
bool in_file_take(struct in_file *file, int fd, bool decompress, const char *name,
                  struct cls_error *err) CLS_MUST_CHECK;

/* Initialises in, which reads from the file; limit and watch are as in struct cls_input. */
void in_file_begin(const struct in_file *file, struct cls_input *in, uint64_t limit,
                   struct cls_watch *watch);

/*
 * Before the sandbox is entered: makes a call of in_file_go_back() possible. A compressed file
 * needs this once for each such call. CLS_USAGE where the input cannot be read again.
 */
bool in_file_prepare_again(struct in_file *file, struct cls_error *err) CLS_MUST_CHECK;

/* Can in_file_go_back() succeed? */
bool in_file_can_go_back(const struct in_file *file);

/* Seeks to the start, or switches to the next decompressor. After in_file_look_behind(). */
bool in_file_go_back(struct in_file *file, struct cls_error *err) CLS_MUST_CHECK;

/*
 * To be called by the process that reads, after it read in, successfully (ok) or not. Where the
 * file is compressed, notes whether its end was reached. After a complete stream (ok) fails if more
 * data follows, unless anything_behind. Else returns ok, and err as it is.
 */
bool in_file_look_behind(struct in_file *file, struct cls_input *in, bool anything_behind, bool ok,
                         const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/*
 * In a process that does not read: closes the pipes, so that the decompressors notice when the
 * process that reads ends.
 */
void in_file_close_pipes(struct in_file *file);

/*
 * To be called last, by the process that opened the file: waits for the decompressors. Fails where
 * one failed, which explains better than err why the input ended early, at this offset. Else
 * returns ok, and err as it is.
 */
bool in_file_finish(struct in_file *file, uint64_t offset, bool ok,
                    struct cls_error *err) CLS_MUST_CHECK;

/*
 * Fails (CLS_SYSTEM, since another try may succeed) where a file that was opened by name was
 * written to meanwhile: what was read may then be partly old and partly new.
 */
bool in_file_is_unchanged(const struct in_file *file, struct cls_error *err) CLS_MUST_CHECK;

/* Is it an uncompressed regular file, which is seekable and complete? */
bool in_file_is_regular(const struct in_file *file);

void in_file_close(struct in_file *file);

#endif
