/*
 * Messages that are not errors. The libraries pass the text to a function of the program, which
 * decides whether and where to print it.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/error.h"

enum cls_log_level {
    CLS_LOG_WARNING, /* data is unusual, dropped or guessed: printed unless --quiet is given */
    CLS_LOG_INFO,    /* what is detected: printed with --verbose */
    CLS_LOG_LEVELS,
};

/* Maximum number of messages with the same format string; more are only counted. */
#define CLS_LOG_WARNINGS_MAX 10
#define CLS_LOG_INFOS_MAX    1000
#define CLS_LOG_KINDS        96 /* the last one counts all further format strings */

/* Initialise to zero. */
struct cls_log_counts {
    struct {
        const char *fmt;
        uint64_t count;
    } kinds[CLS_LOG_KINDS];
    uint64_t left_out[CLS_LOG_LEVELS];
};

struct cls_log {
    /* Prints one line. text has no newline and is valid during the call only. */
    void (*line)(void *ctx, enum cls_log_level level, const char *text);
    void *ctx;
    bool warnings_only;            /* other messages are dropped before they are formatted */
    struct cls_log_counts *counts; /* NULL: no maximum */
};

/* Log a warning or information. log may be NULL: nothing is logged. */
void cls_warn(const struct cls_log *log, const char *fmt, ...) CLS_PRINTF(2, 3);
void cls_info(const struct cls_log *log, const char *fmt, ...) CLS_PRINTF(2, 3);

/* To be called last, with counts: logs the number of suppressed messages, resets the counts. */
void cls_log_finish(const struct cls_log *log);

#endif
