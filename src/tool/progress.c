#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"

#define FIRST_AFTER    1.0 /* seconds; most conversions are over by then */
#define TERMINAL_EVERY 0.25
#define LINE_EVERY     5.0

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void progress_start(struct progress *p, enum progress_mode mode, bool quiet)
{
    p->terminal = isatty(STDERR_FILENO);
    p->enabled = !quiet && (mode == PROGRESS_ALWAYS || (mode == PROGRESS_AUTO && p->terminal));
    p->begun = now();
    p->next = p->begun + FIRST_AFTER;
}

static void format_size(char *buf, size_t size, double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;

    for (; bytes >= 1024 && unit < sizeof(units) / sizeof(units[0]) - 1; unit++)
        bytes /= 1024;
    snprintf(buf, size, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static void print(struct progress *p, uint64_t offset, const char *before, const char *after)
{
    double done = (double)(offset - p->start), took = now() - p->begun;
    double rate = took > 0 ? done / took : 0;
    char so_far[32], total[32], speed[32];

    format_size(so_far, sizeof(so_far), done);
    format_size(speed, sizeof(speed), rate);
    fprintf(stderr, "%s%s: %s: %s", before, p->program, p->name, so_far);
    if (p->size > p->start && !p->watch->unsized) {
        double all = (double)(p->size - p->start);

        format_size(total, sizeof(total), all);
        fprintf(stderr, " of %s (%.0f %%)", total, 100 * done / all);
        if (rate > 0 && done < all)
            fprintf(stderr, ", %.0f s left", (all - done) / rate);
    }
    fprintf(stderr, ", %s/s%s", speed, after);
    fflush(stderr);
}

void progress_clear(void *ctx)
{
    struct progress *p = ctx;

    if (p->drawn)
        fputs("\r\033[K", stderr);
    p->drawn = false;
}

void progress_tick(void *ctx, uint64_t offset)
{
    struct progress *p = ctx;

    if (signals_take_usr1()) {
        progress_clear(p);
        print(p, offset, "", "\n");
    }
    if (!p->enabled || now() < p->next)
        return;
    p->next = now() + (p->terminal ? TERMINAL_EVERY : LINE_EVERY);
    print(p, offset, p->terminal ? "\r" : "", p->terminal ? "\033[K" : "\n");
    p->drawn = p->terminal;
}

void progress_end(struct progress *p, uint64_t offset)
{
    progress_clear(p);
    if (p->enabled && !p->terminal)
        print(p, offset, "", "\n");
}
