/*
 * Compressed input is read through the system's own program, as tar does, so that no decompressor
 * is linked into a program that runs as root. It is started before the sandbox is entered, can only
 * read and execute files, has at most 1 GiB of memory, and ends when its pipe has no reader any
 * more.
 */
#ifndef CONVERT_DECOMPRESS_H
#define CONVERT_DECOMPRESS_H

#include "convert/in_file.h"
#include "leftover.h"

/*
 * Where the regular file is compressed: starts the program that reads it from its beginning; d->fd
 * is the end of its pipe, and to be closed by the caller, as d->messages is, after failures, too.
 * Else d stays as it is. name: how messages call the file. CLS_SYSTEM where the program is not
 * installed. The program moves the fd's position.
 */
bool decompress_start(struct decompress *d, int file, const char *name,
                      struct cls_error *err) CLS_MUST_CHECK;

/*
 * Reads on from the program's pipe: all: until data is found or there is too much padding to go on;
 * else once. d->ended: the pipe has ended.
 */
void decompress_look_behind(struct decompress *d, bool all, struct leftover *left);

/*
 * When the pipe is closed: takes the program's end. Fails where it could not uncompress the file;
 * offset: where the input ended then. Its status counts only where it had ended by itself.
 */
bool decompress_finish(struct decompress *d, const char *name, uint64_t offset,
                       struct cls_error *err) CLS_MUST_CHECK;

/* Waits for the program to end (now: kills it first). Returns its wait status. */
int decompress_end(struct decompress *d, bool now);

#endif
