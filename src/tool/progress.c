#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "base/utf8.h"
#include "messages.h"
#include "units.h"

#define FIRST_AFTER    1.0 /* seconds; most conversions end earlier */
#define TERMINAL_EVERY 0.25
#define LINE_EVERY     5.0

#define BAR_WIDTH     20
#define WIDE_TERMINAL 80 /* minimum columns for drawing the bar */
#define NAME_SIZE     1024

double progress_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A dumb terminal (such as Emacs's shell) prints cursor movements as garbage. */
static bool is_cursor_terminal(void)
{
    const char *term = getenv("TERM");

    return !term || strcmp(term, "dumb") != 0;
}

void progress_start(struct progress *p, enum progress_mode mode, bool quiet)
{
    bool terminal = isatty(STDERR_FILENO);

    p->terminal = terminal && is_cursor_terminal();
    p->enabled = !quiet && (mode == PROGRESS_ALWAYS || (mode == PROGRESS_AUTO && terminal));
    p->started = progress_now();
    p->next = p->started + FIRST_AFTER;
}

/* The figures of an item, as text. */
struct figures {
    double share; /* 0..1; negative: the total is not known */
    char done[32], total[32], rate[32], left[32];
};

static void compute_figures(const struct progress_item *item, struct figures *f)
{
    double took = progress_now() - item->started, done = (double)item->done;
    double rate = took > 0 ? done / took : 0, all = (double)item->total;

    f->share = item->total ? (done < all ? done / all : 1) : -1;
    f->left[0] = '\0';
    units_size(f->done, sizeof(f->done), done);
    units_size(f->total, sizeof(f->total), all);
    units_size(f->rate, sizeof(f->rate), rate);
    if (item->total && rate > 0 && done < all)
        units_time(f->left, sizeof(f->left), (all - done) / rate);
}

static void print_line(const struct progress *p, const struct progress_item *item)
{
    char name[NAME_SIZE];
    struct figures f;

    compute_figures(item, &f);
    messages_escape(item->name, name, sizeof(name));
    fprintf(stderr, "%s: %s: %s", p->program, name, f.done);
    if (f.share >= 0)
        fprintf(stderr, " of %s (%.0f %%)", f.total, 100 * f.share);
    if (*f.left)
        fprintf(stderr, ", %s left", f.left);
    fprintf(stderr, ", %s/s\n", f.rate);
}

/* Truncates text to at most `most` columns of the terminal. Returns the columns used. */
static unsigned truncate_to_columns(char *text, unsigned max)
{
    unsigned used = 0;

    while (*text) {
        uint32_t c = 0;
        size_t n = utf8_decode(text, &c);
        int width = n == 0 ? -1 : wcwidth((wchar_t)c);

        if (width < 0 || used + (unsigned)width > max) {
            *text = '\0';
            break;
        }
        used += (unsigned)width;
        text += n;
    }
    return used;
}

static void format_bar(char *buf, double share)
{
    int full = (int)(share * BAR_WIDTH);

    *buf++ = '[';
    for (int i = 0; i < BAR_WIDTH; i++)
        *buf++ = i < full ? '#' : '.';
    memcpy(buf, "] ", sizeof("] "));
}

static unsigned draw_line(const struct progress_item *item, unsigned columns)
{
    char line[NAME_SIZE + 256], bar[BAR_WIDTH + 4] = "", name[NAME_SIZE];
    struct figures f;

    compute_figures(item, &f);
    messages_escape(item->name, name, sizeof(name));
    if (f.share >= 0 && columns >= WIDE_TERMINAL)
        format_bar(bar, f.share);
    if (f.share >= 0)
        snprintf(line, sizeof(line), "%s%3.0f %% %10s %10s/s %9s  %s", bar, 100 * f.share, f.done,
                 f.rate, f.left, name);
    else
        snprintf(line, sizeof(line), "%10s %10s/s  %s", f.done, f.rate, name);
    columns = truncate_to_columns(line, columns - 1);
    fputs(line, stderr);
    return columns;
}

static void terminal_size(unsigned *columns, unsigned *rows)
{
    struct winsize size = {0};

    (void)ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    *columns = size.ws_col > 1 ? size.ws_col : 80;
    *rows = size.ws_row > 0 ? size.ws_row : 24;
}

void progress_clear(void *ctx)
{
    struct progress *p = ctx;
    unsigned columns, terminal_rows, rows = 0;

    if (!p->drawn)
        return;
    /* If the terminal was made narrower since, a line takes several rows. */
    terminal_size(&columns, &terminal_rows);
    for (unsigned i = 0; i < p->drawn; i++)
        rows += p->columns[i] > columns ? (p->columns[i] - 1) / columns + 1 : 1;
    if (rows > 1)
        fprintf(stderr, "\033[%uA", rows - 1);
    fputs("\r\033[J", stderr);
    fflush(stderr);
    p->drawn = 0;
}

bool progress_due(const struct progress *p)
{
    return p->enabled && progress_now() >= p->next;
}

void progress_show(struct progress *p, const struct progress_item *items, size_t n)
{
    unsigned columns, rows;

    p->next = progress_now() + (p->terminal ? TERMINAL_EVERY : LINE_EVERY);
    if (!p->terminal) {
        print_line(p, items);
        return;
    }
    progress_clear(p);
    terminal_size(&columns, &rows);
    if (n > rows)
        n = rows; /* lines that scroll off the terminal cannot be cleared */
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            fputs("\r\n", stderr);
        p->columns[i] = draw_line(&items[i], columns);
    }
    p->drawn = (unsigned)n;
    fflush(stderr);
}

void progress_print(struct progress *p, const struct progress_item *items, size_t n)
{
    progress_clear(p);
    for (size_t i = 0; i < n; i++)
        print_line(p, &items[i]);
}

void progress_end(struct progress *p, const struct progress_item *item)
{
    progress_clear(p);
    if (p->enabled && !p->terminal)
        print_line(p, item);
}
