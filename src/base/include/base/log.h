/*
 * Where remarks go that are not errors. The libraries only hand over text; the programs decide
 * what is shown, and where.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/error.h"

enum cls_log_level {
    CLS_LOG_WARNING, /* something was odd, dropped or guessed: shown unless quiet */
    CLS_LOG_INFO,    /* what was found: shown when verbose */
    CLS_LOG_LEVELS,
};

/* So many remarks of one kind, which is one format, are handed on; more are only counted. */
#define CLS_LOG_WARNINGS_MAX 10
#define CLS_LOG_INFOS_MAX    1000
#define CLS_LOG_KINDS        96 /* further kinds count as one */

/* Start with all zero. */
struct cls_log_counts {
    struct {
        const char *fmt;
        uint64_t count;
    } kinds[CLS_LOG_KINDS];
    uint64_t left_out[CLS_LOG_LEVELS];
};

struct cls_log {
    /* Takes one line, without newline; text is the callee's only during the call. */
    void (*line)(void *ctx, enum cls_log_level level, const char *text);
    void *ctx;
    bool warnings_only;            /* others are not wanted: they are not even formatted */
    struct cls_log_counts *counts; /* NULL: all remarks are handed on */
};

/* log may be NULL: then nothing is logged. */
void cls_warn(const struct cls_log *log, const char *fmt, ...) CLS_PRINTF(2, 3);
void cls_info(const struct cls_log *log, const char *fmt, ...) CLS_PRINTF(2, 3);

/* At the end: how many remarks were left out. They are counted anew from here on. */
void cls_log_finish(const struct cls_log *log);

#endif
