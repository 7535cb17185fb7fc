/*
 * Messages that are not errors. The libraries pass text to a function; the programs decide what is
 * shown, and where.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/error.h"

enum cls_log_level {
    CLS_LOG_WARNING, /* something is unusual, dropped or guessed: shown unless quiet */
    CLS_LOG_INFO,    /* what is detected: shown when verbose */
    CLS_LOG_LEVELS,
};

/* At most so many messages of one format string are passed on; more are only counted. */
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
    /* Takes one line, without newline; text is valid during the call only. */
    void (*line)(void *ctx, enum cls_log_level level, const char *text);
    void *ctx;
    bool warnings_only;            /* other messages are dropped before they are formatted */
    struct cls_log_counts *counts; /* NULL: all messages are passed on */
};

/* log may be NULL: then nothing is logged. */
void cls_warn(const struct cls_log *log, const char *fmt, ...) CLS_PRINTF(2, 3);
void cls_info(const struct cls_log *log, const char *fmt, ...) CLS_PRINTF(2, 3);

/* At the end: logs how many messages were left out, and resets the counts. */
void cls_log_finish(const struct cls_log *log);

#endif
