/*
 * The one place where messages are printed: on standard error, and in syslog where asked.
 */
#ifndef TOOL_MESSAGES_H
#define TOOL_MESSAGES_H

#include <stddef.h>

#include "base/log.h"

enum verbosity {
    SILENT = -2, /* nothing */
    QUIET = -1,  /* errors only */
    NORMAL = 0,  /* and warnings */
    VERBOSE = 1, /* and what was found */
};

struct messages {
    const char *program;
    const char *subject; /* what remarks and errors are about: the input's name; may be NULL */
    enum verbosity verbosity;
    bool info_is_result;  /* CLS_LOG_INFO goes to standard output, without program and subject */
    bool syslog;          /* all messages go there, too */
    bool problems_syslog; /* errors and warnings do; set by messages_open() */
    void (*before_line)(void *ctx); /* lets a progress line make room; may be NULL */
    void *before_line_ctx;
};

/*
 * To be called before anything is printed, and before the sandbox is entered. Where standard error
 * is /dev/null (libvirtd -d), errors and warnings go to syslog. Returns the fd that must stay open in
 * there, 0: none.
 */
int messages_open(struct messages *messages);

/*
 * Names and strings from the input may hold anything; a terminal must not act on it. What is not
 * printable (base/utf8.h), or not in the locale, becomes \xNN. What doesn't fit buf is cut off.
 */
void messages_mask(const char *text, char *buf, size_t size);

/* As struct cls_log's line; ctx is a struct messages. */
void messages_log(void *ctx, enum cls_log_level level, const char *text);

/* What is said unless quiet, though nothing is wrong. */
void messages_note(const struct messages *messages, const char *fmt, ...) CLS_PRINTF(2, 3);

/* Prints what is wrong with the command line; messages_open() is not needed. Returns false. */
bool messages_usage(const char *program, const char *fmt, ...) CLS_PRINTF(2, 3);

/* As above, of what getopt has printed already: the argument at index is what it rejected. */
bool messages_usage_printed(const char *program, char *const *argv, int index);

/* Prints the error on one line. Returns its exit status. */
int messages_error(const struct messages *messages, const struct cls_error *err);

#endif
