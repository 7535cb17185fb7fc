/*
 * Progress on standard error: on a terminal a block of lines that is redrawn, else single lines.
 */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/input.h"

enum progress_mode {
    PROGRESS_AUTO, /* on a terminal, and only after the first second */
    PROGRESS_ALWAYS,
    PROGRESS_NEVER,
};

/* A line of the block. */
struct progress_item {
    const char *name;     /* may contain any bytes */
    uint64_t done, total; /* bytes; total 0: not known */
    double started;       /* time, as of progress_now() */
};

#define PROGRESS_ITEMS_MAX 9

struct progress {
    const char *program;
    bool enabled, terminal;
    double started, next;                 /* times; next: when to redraw */
    unsigned drawn;                       /* number of lines on the terminal */
    unsigned columns[PROGRESS_ITEMS_MAX]; /* width of each */
};

/* The monotonic clock, in seconds. */
double progress_now(void);

/* Starts; p->program must be set. quiet: print nothing unless progress_print() is called. */
void progress_start(struct progress *p, enum progress_mode mode, bool quiet);

/* Is it time for progress_show()? */
bool progress_due(const struct progress *p);

/* Draws n items (at most PROGRESS_ITEMS_MAX); if not on a terminal, prints the first only. */
void progress_show(struct progress *p, const struct progress_item *items, size_t n);

/* Prints n items as single lines, also if progress is off. */
void progress_print(struct progress *p, const struct progress_item *items, size_t n);

/* Removes the block from the terminal; ctx is a struct progress. */
void progress_clear(void *ctx);

/* Removes the block, or prints a last line if not on a terminal. */
void progress_end(struct progress *p, const struct progress_item *item);

#endif
