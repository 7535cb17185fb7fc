/*
 * Where remarks go that are not errors. The libraries only hand over text; the programs decide
 * what is shown, and where.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

enum cls_log_level {
    CLS_LOG_WARNING, /* something was odd, dropped or guessed: shown unless quiet */
    CLS_LOG_INFO,    /* what was found: shown when verbose */
};

struct cls_log {
    /* Takes one line, without newline; text is the callee's only during the call. */
    void (*line)(void *ctx, enum cls_log_level level, const char *text);
    void *ctx;
};

/* log may be NULL: then nothing is logged. */
void cls_warn(const struct cls_log *log, const char *fmt, ...) CLS_PRINTF(2, 3);
void cls_info(const struct cls_log *log, const char *fmt, ...) CLS_PRINTF(2, 3);

#endif
