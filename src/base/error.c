#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool cls_fail(struct cls_error *err, enum cls_status status, const char *fmt, ...)
{
    va_list args;

    *err = (struct cls_error){.status = status};
    va_start(args, fmt);
    vsnprintf(err->reason, sizeof(err->reason), fmt, args);
    va_end(args);
    return false;
}

bool cls_fail_errno(struct cls_error *err, int errnum, const char *fmt, ...)
{
    const char *why = strerror(errnum);
    size_t room = sizeof(err->reason) - strlen(": ") - strlen(why), len;
    va_list args;

    *err = (struct cls_error){.status = CLS_SYSTEM};
    va_start(args, fmt);
    vsnprintf(err->reason, room, fmt, args); /* a long name is cut off rather than the reason */
    va_end(args);
    len = strlen(err->reason);
    snprintf(err->reason + len, sizeof(err->reason) - len, ": %s", why);
    return false;
}
