/*
 * Compressed input: read through the system's own program, as tar does, so that no decompressor is
 * linked into a program that runs as root. It is started before the sandbox is entered, may read
 * and execute files but nothing else, in at most 1 GiB of memory, and ends when its pipe has no
 * reader any more.
 */
#ifndef CONVERT_DECOMPRESS_H
#define CONVERT_DECOMPRESS_H

#include "convert/in_file.h"
#include "leftover.h"

/*
 * Where the regular file *fd is compressed: starts the program that reads it, and replaces *fd by
 * the end of its pipe. name: how messages call the file. CLS_SYSTEM where the program is not
 * installed. Start with no pid and messages -1; what that becomes is the caller's to close.
 */
bool decompress_start(struct decompress *d, int *fd, const char *name,
                      struct cls_error *err) CLS_MUST_CHECK;

/*
 * Reads what more comes on the program's pipe, until it is known to be data (or more padding than
 * is worth it), or only once. Returns d->ended: nothing more comes.
 */
bool decompress_look_behind(struct decompress *d, int fd, bool all, struct leftover *left);

/*
 * As in_file_finish(), when the pipe is closed; a status tells something only where the program had
 * ended.
 */
bool decompress_finish(struct decompress *d, const char *name, uint64_t offset, bool ok,
                       struct cls_error *err) CLS_MUST_CHECK;

/* Takes the program's end (now: ends it first). Returns its status, as waitpid() has it. */
int decompress_end(struct decompress *d, bool now);

#endif
