/*
 * Progress on standard error: a block of lines that is redrawn on a terminal, whole lines
 * elsewhere, and whenever somebody asks.
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

/* One line of it. */
struct progress_item {
    const char *name;     /* of what goes on; may hold anything */
    uint64_t done, total; /* bytes; total 0: not known */
    double begun;         /* as progress_now() */
};

#define PROGRESS_ITEMS_MAX 9

struct progress {
    const char *program;
    bool enabled, terminal;
    double begun, next;                   /* seconds */
    unsigned drawn;                       /* lines on the terminal */
    unsigned columns[PROGRESS_ITEMS_MAX]; /* the width of each */
};

/* Seconds of a clock that only goes forward. */
double progress_now(void);

void progress_start(struct progress *p, enum progress_mode mode, bool quiet);

/* Is it time for progress_show()? */
bool progress_due(const struct progress *p);

/* Draws n items (at most PROGRESS_ITEMS_MAX); where lines are written, only the first. */
void progress_show(struct progress *p, const struct progress_item *items, size_t n);

/* Writes whole lines, come what may. */
void progress_tell(struct progress *p, const struct progress_item *items, size_t n);

/* Takes the block off the terminal; ctx is a struct progress. */
void progress_clear(void *ctx);

/* The last line, where lines are wanted. */
void progress_end(struct progress *p, const struct progress_item *item);

#endif
