#include "memory_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int memory_input(struct cls_input *in, const uint8_t *bytes, size_t n)
{
    int fd = memfd_create("input", 0);

    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    cls_input_init(in, fd, "input", 0, NULL);
    return fd;
}

void must_blame_input(const struct cls_error *err)
{
    if (err->status == CLS_BAD_INPUT)
        return;
    fprintf(stderr, "status %d: %s\n", (int)err->status, err->reason);
    abort();
}
