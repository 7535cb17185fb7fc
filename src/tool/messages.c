#include "messages.h"

#include <inttypes.h>
#include <langinfo.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

/* A line has room for the longest name and a message of 1 KiB. */
#define NAME_SHOWN PATH_MAX
#define LINE_SIZE  (NAME_SHOWN + 1024)

static bool stderr_is_null(void)
{
    struct stat st;

    return fstat(STDERR_FILENO, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* Opens all files that printing may need: in the sandbox none can be opened. */
int messages_open(struct messages *m)
{
    int next;

    m->problems_syslog = stderr_is_null();
    if (!m->syslog && !m->problems_syslog)
        return 0;
    next = dup(STDERR_FILENO); /* the lowest free fd: openlog() will use it for its socket */
    if (next >= 0)
        close(next);
    tzset(); /* syslog() would open the time zone file later */
    openlog(m->program, LOG_PID | LOG_NDELAY, LOG_USER);
    return next > 0 ? next : 0;
}

void messages_escape(const char *text, char *buf, size_t size)
{
    utf8_escape(text, strcmp(nl_langinfo(CODESET), "UTF-8") != 0, buf, size);
}

static void put_line(const struct messages *m, int priority, const char *text)
{
    char escaped[4 * LINE_SIZE];

    messages_escape(text, escaped, sizeof(escaped));
    if (m->before_line)
        m->before_line(m->before_line_ctx);
    if (priority == LOG_INFO && m->info_is_result)
        puts(escaped);
    else
        fprintf(stderr, "%s: %s\n", m->program, escaped);
    if (m->syslog || (m->problems_syslog && priority <= LOG_WARNING))
        syslog(priority, "%s", escaped);
}

void messages_log(void *ctx, enum cls_log_level level, const char *text)
{
    const struct messages *m = ctx;
    bool warning = level == CLS_LOG_WARNING;
    bool bare = !m->subject || (!warning && m->info_is_result);
    char line[LINE_SIZE];

    if (m->verbosity < (warning ? NORMAL : VERBOSE))
        return;
    snprintf(line, sizeof(line), "%.*s%s%s%s", NAME_SHOWN, bare ? "" : m->subject, bare ? "" : ": ",
             warning ? "warning: " : "", text);
    put_line(m, warning ? LOG_WARNING : LOG_INFO, line);
}

void messages_note(const struct messages *m, const char *fmt, ...)
{
    char text[512], line[LINE_SIZE];
    va_list args;

    if (m->verbosity < NORMAL)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    snprintf(line, sizeof(line), "%.*s%s%s", NAME_SHOWN, m->subject ? m->subject : "",
             m->subject ? ": " : "", text);
    put_line(m, LOG_NOTICE, line);
}

int messages_error(const struct messages *m, const struct cls_error *err)
{
    char line[LINE_SIZE];

    if (m->verbosity < QUIET)
        return (int)err->status;
    if (err->about_input)
        snprintf(line, sizeof(line), "%.*s: byte 0x%" PRIx64 ": %s%s%s", NAME_SHOWN,
                 m->subject ? m->subject : "input", err->offset, err->place,
                 *err->place ? ": " : "", err->reason);
    else
        snprintf(line, sizeof(line), "%s", err->reason);
    put_line(m, LOG_ERR, line);
    return (int)err->status;
}

bool messages_usage(const char *program, const char *fmt, ...)
{
    struct messages m = {.program = program};
    char line[LINE_SIZE];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    messages_open(&m);
    put_line(&m, LOG_ERR, line);
    return false;
}

bool messages_usage_printed(const char *program, char *const *argv, int index)
{
    return stderr_is_null() && messages_usage(program, "invalid option: '%s'", argv[index]);
}
