/*
 * Progress of one conversion on standard error: a line that is redrawn on a terminal, whole lines
 * elsewhere, and one whenever SIGUSR1 asks for it.
 */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include <stdint.h>

#include "base/input.h"

enum progress_mode {
    PROGRESS_AUTO, /* on a terminal, and only after the first second */
    PROGRESS_ALWAYS,
    PROGRESS_NEVER,
};

struct progress {
    const char *program, *name;    /* name: of what is converted */
    uint64_t start, size;          /* offsets in the input; size 0: not known */
    const struct cls_watch *watch; /* that ticks */
    bool enabled, terminal, drawn;
    double begun, next;
};

void progress_start(struct progress *p, enum progress_mode mode, bool quiet);

/* As struct cls_watch's tick; ctx is a struct progress. */
void progress_tick(void *ctx, uint64_t offset);

/* Takes the line off the terminal; ctx is a struct progress. */
void progress_clear(void *ctx);

/* The last line, where lines are wanted. */
void progress_end(struct progress *p, uint64_t offset);

#endif
