#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Counts one more message of this format. An input must not be able to fill a log. */
static bool is_left_out(struct cls_log_counts *counts, enum cls_log_level level, const char *fmt)
{
    uint64_t max = level == CLS_LOG_WARNING ? CLS_LOG_WARNINGS_MAX : CLS_LOG_INFOS_MAX;
    size_t i = 0;

    if (!counts)
        return false;
    while (i < CLS_LOG_KINDS - 1 && counts->kinds[i].fmt && counts->kinds[i].fmt != fmt)
        i++;
    counts->kinds[i].fmt = fmt;
    if (++counts->kinds[i].count <= max)
        return false;
    counts->left_out[level]++;
    return true;
}

CLS_PRINTF(3, 0)
static void log_line(const struct cls_log *log, enum cls_log_level level, const char *fmt,
                     va_list args)
{
    char text[512];

    if (!log || !log->line || (log->warnings_only && level != CLS_LOG_WARNING) ||
        is_left_out(log->counts, level, fmt))
        return;
    vsnprintf(text, sizeof(text), fmt, args);
    log->line(log->ctx, level, text);
}

void cls_warn(const struct cls_log *log, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    log_line(log, CLS_LOG_WARNING, fmt, args);
    va_end(args);
}

void cls_info(const struct cls_log *log, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    log_line(log, CLS_LOG_INFO, fmt, args);
    va_end(args);
}

void cls_log_finish(const struct cls_log *log)
{
    struct cls_log_counts counts = *log->counts;

    *log->counts = (struct cls_log_counts){0};
    if (counts.left_out[CLS_LOG_WARNING] > 0)
        cls_warn(log, "%" PRIu64 " more warnings of this kind", counts.left_out[CLS_LOG_WARNING]);
    if (counts.left_out[CLS_LOG_INFO] > 0)
        cls_info(log, "%" PRIu64 " more messages of this kind", counts.left_out[CLS_LOG_INFO]);
}
