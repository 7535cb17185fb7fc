#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

CLS_PRINTF(3, 0)
static void log_line(const struct cls_log *log, enum cls_log_level level, const char *fmt,
                     va_list args)
{
    char text[512];

    if (!log || !log->line)
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
