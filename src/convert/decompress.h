/*
 * Compressed input is read through the system's own program, as tar does, so that no decompressor
 * is linked into a program that runs as root. It is started before the sandbox is entered, can only
 * read and execute files, has at most 1 GiB of memory, and ends when its pipe has no reader.
 */
#ifndef CONVERT_DECOMPRESS_H
#define CONVERT_DECOMPRESS_H

#include "convert/in_file.h"

/*
 * If the regular file is compressed, starts the program that decompresses it from its beginning.
 * d->fd is the read end of its pipe. The caller closes d->fd and d->messages, also after failures.
 * If the file is not compressed, d is unchanged. name: the file's name in messages. Fails with
 * CLS_SYSTEM if the program is not installed. The program changes the file offset of the fd.
 */
bool decompress_start(struct decompress *d, int file, const char *name,
                      struct cls_error *err) CLS_MUST_CHECK;

/*
 * To be called when the pipe is closed: waits for the program. Fails if it could not decompress the
 * file. offset: where the input ended. Its exit status is ignored if it had not ended by itself.
 */
bool decompress_finish(struct decompress *d, const char *name, uint64_t offset,
                       struct cls_error *err) CLS_MUST_CHECK;

/* Waits for the program to end (now: kills it first). Returns its wait status. */
int decompress_end(struct decompress *d, bool now);

#endif
