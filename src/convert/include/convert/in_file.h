/*
 * The input as a file: opened by name, or inherited and never touched beyond the stream.
 */
#ifndef CONVERT_IN_FILE_H
#define CONVERT_IN_FILE_H

#include <sys/stat.h>

#include "base/error.h"

struct in_file {
    int fd;
    bool by_name;   /* opened, and to be closed, by us; nobody else reads on */
    uint64_t start; /* offset of the first byte, 0 where the input cannot seek */
    struct stat st;
};

/* name: how messages call it. Close with in_file_close(), also after a failure. */
bool in_file_open(struct in_file *file, const char *arg, const char *name,
                  struct cls_error *err) CLS_MUST_CHECK;

/* As if the file had been opened by name: the fd is closed with it. */
bool in_file_take(struct in_file *file, int fd, const char *name,
                  struct cls_error *err) CLS_MUST_CHECK;

void in_file_close(struct in_file *file);

#endif
