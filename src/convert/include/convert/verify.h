/*
 * One verification from open to close: envelope, then the v2 stream inside.
 */
#ifndef CONVERT_VERIFY_H
#define CONVERT_VERIFY_H

#include "v2/verify.h"

enum verify_format {
    VERIFY_AUTO,
    VERIFY_LIBXC,
    VERIFY_LIBXL,
    VERIFY_XL,
};

/*
 * Verifies the file, fd or standard input that arg means (as in convert_options.in). What is found
 * is told to log; err and summary as in v2_verify(); log may be NULL.
 */
bool verify_stream(const char *arg, enum verify_format format, const struct cls_log *log,
                   struct v2_summary *summary, struct cls_error *err) CLS_MUST_CHECK;

#endif
