#include "convert/convert.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int convert_fd(const char *arg, int standard_fd)
{
    long n;

    if (strcmp(arg, "-") == 0)
        return standard_fd;
    if (*arg == '\0' || arg[strspn(arg, "0123456789")] != '\0')
        return -1;
    n = strtol(arg, NULL, 10);
    return n < INT_MAX ? (int)n : INT_MAX;
}

void convert_display_name(const char *arg, bool input, char *buf, size_t size)
{
    if (strcmp(arg, "-") == 0)
        snprintf(buf, size, "standard %s", input ? "input" : "output");
    else if (convert_fd(arg, 0) >= 0)
        snprintf(buf, size, "fd %s", arg);
    else
        snprintf(buf, size, "%s", arg);
}

void convert_input_extent(const char *arg, uint64_t *start, uint64_t *size)
{
    int fd = convert_fd(arg, STDIN_FILENO);
    struct stat st;
    off_t at = fd >= 0 ? lseek(fd, 0, SEEK_CUR) : 0;

    *start = *size = 0;
    if ((fd >= 0 ? fstat(fd, &st) : stat(arg, &st)) != 0 || !S_ISREG(st.st_mode) || at < 0)
        return;
    *start = (uint64_t)at;
    *size = (uint64_t)st.st_size;
}
