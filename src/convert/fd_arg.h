/*
 * -i and -o take a path, a decimal number (an inherited fd) or "-".
 */
#ifndef CONVERT_FD_ARG_H
#define CONVERT_FD_ARG_H

#include <stdbool.h>

/* The fd that arg means ("-": standard_fd), or -1 if it is a path. INT_MAX: a number beyond int. */
int fd_arg(const char *arg, int standard_fd);

#endif
