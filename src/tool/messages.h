/*
 * Prints all messages: on standard error, and with --syslog also to syslog.
 */
#ifndef TOOL_MESSAGES_H
#define TOOL_MESSAGES_H

#include <stddef.h>

#include "base/log.h"

enum verbosity {
    SILENT = -2, /* nothing */
    QUIET = -1,  /* errors only */
    NORMAL = 0,  /* also warnings */
    VERBOSE = 1, /* also CLS_LOG_INFO */
};

struct messages {
    const char *program;
    const char *subject; /* the name of the input, which begins a message; may be NULL */
    enum verbosity verbosity;
    bool info_is_result;  /* CLS_LOG_INFO goes to standard output, without program and subject */
    bool syslog;          /* all messages also go to syslog */
    bool problems_syslog; /* errors and warnings also go to syslog; set by messages_open() */
    void (*before_line)(void *ctx); /* removes progress lines from the terminal; may be NULL */
    void *before_line_ctx;
};

/*
 * To be called before anything is printed and before the sandbox is entered. If standard error is
 * /dev/null (as under libvirtd -d), errors and warnings go to syslog. Returns the fd of syslog's
 * socket, which must stay open in the sandbox; 0: none.
 */
int messages_open(struct messages *messages);

/*
 * Escapes bytes that are not printable (base/utf8.h) or not in the locale as \xNN, so that names
 * from the input cannot send control sequences to a terminal. Truncates to size bytes with the NUL.
 */
void messages_escape(const char *text, char *buf, size_t size);

/* The line() of a struct cls_log; ctx is a struct messages. */
void messages_log(void *ctx, enum cls_log_level level, const char *text);

/* Prints a notice, unless --quiet is given. */
void messages_note(const struct messages *messages, const char *fmt, ...) CLS_PRINTF(2, 3);

/* Prints a usage error; messages_open() need not be called before. Returns false. */
bool messages_usage(const char *program, const char *fmt, ...) CLS_PRINTF(2, 3);

/* Repeats in syslog, if needed, that getopt has rejected argv[index]. Returns false. */
bool messages_usage_printed(const char *program, char *const *argv, int index);

/* Prints the error on one line, unless silent. Returns its exit status. */
int messages_error(const struct messages *messages, const struct cls_error *err);

#endif
