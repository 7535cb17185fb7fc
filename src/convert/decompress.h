/*
 * Compressed input: read through the system's own program, as tar does, so that no decompressor is
 * linked into a program that runs as root. It is started before the sandbox is entered, and ends
 * when its pipe has no reader any more.
 */
#ifndef CONVERT_DECOMPRESS_H
#define CONVERT_DECOMPRESS_H

#include "convert/in_file.h"

/*
 * Where the regular file *fd is compressed: starts the program that reads it, and replaces *fd by
 * the end of its pipe. name: how messages call the file. CLS_SYSTEM where the program is not
 * installed. Start with no pid and messages -1; what that becomes is the caller's to close.
 */
bool decompress_start(struct decompress *d, int *fd, const char *name,
                      struct cls_error *err) CLS_MUST_CHECK;

/* Takes the program's end; closes *fd. Returns its status, as waitpid() has it. */
int decompress_end(struct decompress *d, int *fd);

/* As in_file_finish(); closes *fd. */
bool decompress_finish(struct decompress *d, int *fd, struct cls_input *in, bool anything_behind,
                       bool ok, const struct cls_log *log,
                       struct cls_error *err) CLS_MUST_CHECK;

#endif
