/*
 * The file of the input. It is opened by name, or it is an inherited fd, of which only the stream
 * is read. If a file given by name is compressed, it is read through a decompressor.
 */
#ifndef CONVERT_IN_FILE_H
#define CONVERT_IN_FILE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/input.h"
#include "base/log.h"

/* A decompressor and its pipes. */
struct decompress {
    pid_t pid;           /* of the program; 0: it is not running */
    const char *program; /* NULL: the file is not compressed */
    int fd;              /* pipe from its standard output; 0: closed */
    int messages;        /* unnamed file with its standard error; 0: none */
    bool ended;          /* its output was read to the end */
    bool failed;         /* it could not decompress the file */
};

/* A compressed file is read again to leave out released pages, and again to verify. */
#define IN_FILE_RUNS       3
#define IN_FILE_NAME_SHOWN 256

struct in_file {
    char name[IN_FILE_NAME_SHOWN]; /* for messages */
    int fd;                        /* to read from: the file, or the decompressor's pipe */
    int raw;                       /* fd of the file itself, compressed or not */
    bool by_name;   /* opened by name: closed by in_file_close(), not read by others */
    uint64_t start; /* offset of the first byte; 0 if the input cannot seek */
    struct stat st; /* of the file itself */
    struct decompress runs[IN_FILE_RUNS]; /* compressed file: one for each time it is read */
    unsigned count, current;              /* number of runs started; index of the one being read */
};

/* Value without an open file; in_file_close() accepts it. */
#define IN_FILE_NONE ((struct in_file){.fd = -1, .raw = -1})

/* Is the file read through a decompressor? */
static inline bool in_file_is_compressed(const struct in_file *file)
{
    return file->count > 0;
}

/*
 * Opens the input arg of -i, and starts a decompressor if needed. To be called before the sandbox
 * is entered. Close with in_file_close(), also after a failure.
 */
bool in_file_open(struct in_file *file, const char *arg, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Like in_file_open() for a file of this name that is open already. Takes ownership of fd.
 * decompress: read a compressed file through a decompressor.
 */
bool in_file_take(struct in_file *file, int fd, bool decompress, const char *name,
                  struct cls_error *err) CLS_MUST_CHECK;

/* Initialises in to read the file; limit and watch as in struct cls_input. */
void in_file_begin(const struct in_file *file, struct cls_input *in, uint64_t limit,
                   struct cls_watch *watch);

/*
 * Prepares one call of in_file_go_back(). To be called before the sandbox is entered; for a
 * compressed file once for each such call. Fails with CLS_USAGE if the input cannot be read again.
 */
bool in_file_prepare_again(struct in_file *file, struct cls_error *err) CLS_MUST_CHECK;

/* Can in_file_go_back() succeed? */
bool in_file_can_go_back(const struct in_file *file);

/*
 * Seeks to the start, or switches to the next decompressor. To be called after
 * in_file_look_behind().
 */
bool in_file_go_back(struct in_file *file, struct cls_error *err) CLS_MUST_CHECK;

/*
 * To be called by the process that has read in. ok: the stream was read completely. For a
 * compressed file, notes whether its end was reached, and fails if ok is set and other data than
 * zeros follows. With skip, anything may follow; it is read to its end, so that in_file_finish()
 * finds any damage. Otherwise returns ok, with err unchanged.
 */
bool in_file_look_behind(struct in_file *file, struct cls_input *in, bool skip, bool ok,
                         const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/*
 * To be called by a process that does not read: closes the pipes, so that the decompressors get
 * SIGPIPE when the process that reads ends.
 */
void in_file_close_pipes(struct in_file *file);

/*
 * To be called last, by the process that opened the file: waits for the decompressors. If one
 * failed, fails and replaces err, because that is the reason for the early end of the input at
 * offset. Otherwise returns ok, with err unchanged.
 */
bool in_file_finish(struct in_file *file, uint64_t offset, bool ok,
                    struct cls_error *err) CLS_MUST_CHECK;

/*
 * Fails if a file that was opened by name was modified meanwhile, because the bytes read may then
 * be partly old and partly new. The status is CLS_SYSTEM, because another try may succeed.
 */
bool in_file_is_unchanged(const struct in_file *file, struct cls_error *err) CLS_MUST_CHECK;

/* Is the input a regular file that is not compressed, so that it is seekable and complete? */
bool in_file_is_regular(const struct in_file *file);

/* Closes the file if it was opened by name, ends the decompressors and closes their pipes. */
void in_file_close(struct in_file *file);

#endif
