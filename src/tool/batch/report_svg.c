#include "report_svg.h"

#include <math.h>

#include "base/page_type.h"
#include "html.h"

/* Size and plot area of both diagrams, in units of the viewBox. */
#define WIDTH  640
#define HEIGHT 260
#define LEFT   86
#define BOTTOM 224
#define TOP    14
#define RIGHT  628

#define BITS       64
#define POINTS_MAX 2000
#define OCTAVES    9 /* range of rates: down to the fastest / 2^9 */
#define GRID_EVERY 3
#define LABEL_ROOM 75

const char *page_group_name(unsigned group)
{
    static const char *const names[PAGE_GROUPS] = {"ordinary",
                                                   "page tables, level 1",
                                                   "page tables, level 2",
                                                   "page tables, level 3",
                                                   "page tables, level 4",
                                                   "without content"};

    return names[group];
}

void page_groups_of(const uint64_t pages[16], uint64_t groups[PAGE_GROUPS])
{
    for (unsigned i = 0; i < PAGE_GROUPS; i++)
        groups[i] = 0;
    for (unsigned i = 0; i < 16; i++)
        if (page_type_name(i))
            groups[page_type_has_data(i) ? i & PFINFO_LTABTYPE_MASK : PAGE_GROUPS - 1] += pages[i];
}

void svg_memory_bar(FILE *out, const uint64_t pages[16], const char *class)
{
    uint64_t groups[PAGE_GROUPS], all = 0;
    double x = 0;

    page_groups_of(pages, groups);
    for (unsigned i = 0; i < PAGE_GROUPS; i++)
        all += groups[i];
    if (all == 0)
        return;
    fprintf(out,
            "<svg class=\"%s\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" role=\"img\" "
            "aria-label=\"",
            class);
    for (unsigned i = 0, n = 0; i < PAGE_GROUPS; i++)
        if (groups[i])
            fprintf(out, "%s%s: %" PRIu64, n++ ? "; " : "", page_group_name(i), groups[i]);
    fputs("\">", out);
    for (unsigned i = 0; i < PAGE_GROUPS; i++) {
        double width = 100.0 * (double)groups[i] / (double)all;

        if (groups[i])
            fprintf(out,
                    "<rect class=\"t%u\" x=\"%.3f\" width=\"%.3f\" height=\"8\"><title>%s: %" PRIu64
                    " pages, %.1f %%</title></rect>",
                    i, x, width, page_group_name(i), groups[i], width);
        x += width;
    }
    fputs("</svg>", out);
}

static void begin_diagram(FILE *out, const char *title)
{
    fprintf(out, "<svg class=\"diagram\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
            WIDTH, HEIGHT, title);
}

static void end_diagram(FILE *out)
{
    fprintf(out, "<path class=\"axis\" d=\"M%d %dV%dH%d\"/></svg>", LEFT, TOP, BOTTOM, RIGHT);
}

static void label(FILE *out, double x, double y, const char *anchor, const char *suffix,
                  double value, bool is_size)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    if (is_size)
        html_size(out, value);
    else
        fprintf(out, "%.0f", value);
    fprintf(out, "%s</text>", suffix);
}

/* Returns log2(n), rounded down; 0 for 0. */
static unsigned floor_log2(uint64_t n)
{
    unsigned bit = 0;

    while (n >>= 1)
        bit++;
    return bit;
}

/* Counts converted saves by power of 2 of their sizes. Returns false if there are none. */
static bool count_sizes(const struct report *report, uint64_t counts[BITS], unsigned *first,
                        unsigned *last)
{
    *first = BITS;
    *last = 0;
    for (unsigned i = 0; i < BITS; i++)
        counts[i] = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct row *row = &report->rows[i];
        unsigned bit = floor_log2(row->bytes_in);

        if (row->result != ROW_CONVERTED)
            continue;
        counts[bit]++;
        *first = bit < *first ? bit : *first;
        *last = bit > *last ? bit : *last;
    }
    return *first < BITS;
}

void svg_sizes(FILE *out, const struct report *report)
{
    uint64_t counts[BITS], highest = 1;
    unsigned first, last;
    double step, next_label = LEFT;

    if (!count_sizes(report, counts, &first, &last))
        return;
    for (unsigned i = first; i <= last; i++)
        highest = counts[i] > highest ? counts[i] : highest;
    step = (double)(RIGHT - LEFT) / (last - first + 1);
    begin_diagram(out, "How many saves there are of each size");
    label(out, LEFT - 6, TOP + 10, "end", "", (double)highest, false);
    label(out, LEFT - 6, BOTTOM, "end", "", 0, false);
    for (unsigned i = first; i <= last; i++) {
        double height = (double)(BOTTOM - TOP) * (double)counts[i] / (double)highest;
        double x = LEFT + step * (i - first);
        bool fits;

        fprintf(out,
                "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>",
                x + 1, BOTTOM - height, step > 3 ? step - 2 : 1, height);
        html_size(out, ldexp(1, (int)i));
        fprintf(out, " and more: %" PRIu64 "</title></rect>", counts[i]);
        fits = x + LABEL_ROOM < WIDTH;
        if (x >= next_label && (fits || next_label + LABEL_ROOM <= RIGHT)) {
            label(out, fits ? x : RIGHT, BOTTOM + 20, fits ? "start" : "end", "", ldexp(1, (int)i),
                  true);
            next_label = x + LABEL_ROOM;
        }
    }
    end_diagram(out);
}

/* log2(x), linear between the powers of 2: exact enough for drawing, and libm is not needed. */
static double rough_log2(double x)
{
    int exponent;
    double fraction = frexp(x, &exponent);

    return exponent - 2 + 2 * fraction;
}

static double rate_of(const struct row *row)
{
    return row->usec > 0 ? (double)row->bytes_in / ((double)row->usec / 1e6) : 0;
}

static void draw_points(FILE *out, const struct report *report, unsigned first, unsigned last,
                        double fastest)
{
    uint64_t every = report->totals.results[ROW_CONVERTED] / POINTS_MAX + 1, n = 0;

    for (size_t i = 0; i < report->count; i++) {
        const struct row *row = &report->rows[i];
        double x, y;

        if (row->result != ROW_CONVERTED || row->bytes_in == 0 || rate_of(row) <= 0 ||
            n++ % every != 0)
            continue;
        x = (rough_log2((double)row->bytes_in) - first) / (last + 1 - first);
        y = 1 - rough_log2(fastest / rate_of(row)) / OCTAVES;
        fprintf(out, "<circle class=\"point\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>",
                LEFT + x * (RIGHT - LEFT), BOTTOM - (y > 0 ? y : 0) * (BOTTOM - TOP));
        html_text(out, row->path);
        fputs(": ", out);
        html_size(out, (double)row->bytes_in);
        fputs(", ", out);
        html_size(out, rate_of(row));
        fputs("/s</title></circle>", out);
    }
}

void svg_rates(FILE *out, const struct report *report)
{
    uint64_t counts[BITS];
    unsigned first, last;
    double fastest = 0;

    for (size_t i = 0; i < report->count; i++)
        if (report->rows[i].result == ROW_CONVERTED && rate_of(&report->rows[i]) > fastest)
            fastest = rate_of(&report->rows[i]);
    if (!count_sizes(report, counts, &first, &last) || fastest <= 0)
        return;
    begin_diagram(out, "How fast each save was converted, by its size");
    for (int i = 0; i <= OCTAVES; i += GRID_EVERY) {
        double y = TOP + (double)(BOTTOM - TOP) * i / OCTAVES;

        fprintf(out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y, RIGHT);
        label(out, LEFT - 6, y + 4, "end", "/s", ldexp(fastest, -i), true);
    }
    draw_points(out, report, first, last, fastest);
    label(out, LEFT, BOTTOM + 20, "start", "", ldexp(1, (int)first), true);
    label(out, RIGHT, BOTTOM + 20, "end", "", ldexp(1, (int)last + 1), true);
    end_diagram(out);
}
