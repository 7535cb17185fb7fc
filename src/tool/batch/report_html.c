/*
 * The report as one HTML page without external resources. It is complete without its script.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hex.h"
#include "html.h"
#include "report.h"
#include "report_assets.h"
#include "report_reasons.h"
#include "report_svg.h"
#include "units.h"

/* The Content-Security-Policy allows only the style and the script with this nonce. */
static void make_nonce(char nonce[33])
{
    uint8_t bytes[16] = {0};

    if (getrandom(bytes, sizeof(bytes), 0) < 0)
        memset(bytes, 0, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
}

static void write_head(FILE *out, const char *nonce)
{
    fprintf(out,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
            "'nonce-%s'; script-src 'nonce-%s'; base-uri 'none'; form-action 'none'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<meta name=\"color-scheme\" content=\"light dark\">\n"
            "<title>Conversion of Xen saves</title>\n<style nonce=\"%s\">\n%s</style>\n</head>\n",
            nonce, nonce, nonce, report_css);
}

static void write_card(FILE *out, const char *class, const char *label, uint64_t n)
{
    fprintf(out, "<div class=\"card %s\"><dt>%s</dt><dd>%" PRIu64 "</dd></div>\n", class, label, n);
}

static void write_summary(FILE *out, const struct report *report)
{
    const struct row_totals *t = &report->totals;
    char time[32];

    fprintf(out, "<header>\n<h1>Conversion of Xen saves</h1>\n<p>%" PRIu64 " files, ended ",
            t->rows);
    fprintf(out, "<time datetime=\"%s\">%.10s %.5s UTC</time>", report->ended, report->ended,
            report->ended + strlen("2026-11-25T"));
    if (report->elapsed_usec > 0) {
        units_time(time, sizeof(time), (double)report->elapsed_usec / 1e6);
        fprintf(out, " after %s", time);
    }
    fputs(".", out);
    if (t->bytes_in > 0) {
        fputs(" Converted: ", out);
        html_size(out, (double)t->bytes_in);
        fputs(" to ", out);
        html_size(out, (double)t->bytes_out);
        if (report->elapsed_usec > 0) {
            fputs(", ", out);
            html_size(out, (double)t->bytes_in / ((double)report->elapsed_usec / 1e6));
            fputs("/s", out);
        }
        fputs(".", out);
    }
    fputs("</p>\n</header>\n<main>\n<dl class=\"cards\">\n", out);
    for (int i = ROW_RESULTS - 1; i >= 0; i--)
        write_card(out, row_result_name((enum row_result)i), row_result_label((enum row_result)i),
                   t->results[i]);
    if (report->totals.verdicts[LIMITS_RESTORE_NO] > 0)
        write_card(out, "failed", "cannot be restored", report->totals.verdicts[LIMITS_RESTORE_NO]);
    if (report->totals.verdicts[LIMITS_RESTORE_ATTENTION] > 0)
        write_card(out, "other", "restore needs attention",
                   report->totals.verdicts[LIMITS_RESTORE_ATTENTION]);
    if (report->not_reached > 0)
        write_card(out, "failed", "not reached", report->not_reached);
    fputs("</dl>\n", out);
}

static void write_legend(FILE *out, const uint64_t pages[16])
{
    uint64_t groups[PAGE_GROUPS], all = 0;

    page_groups_of(pages, groups);
    for (unsigned i = 0; i < PAGE_GROUPS; i++)
        all += groups[i];
    fputs("<ul class=\"legend\">", out);
    for (unsigned i = 0; i < PAGE_GROUPS; i++)
        fprintf(out,
                "<li><svg viewBox=\"0 0 8 8\" aria-hidden=\"true\"><rect class=\"t%u\" width=\"8\" "
                "height=\"8\"/></svg>%s: %" PRIu64 " (%.2f %%)</li>",
                i, page_group_name(i), groups[i],
                all ? 100.0 * (double)groups[i] / (double)all : 0);
    fputs("</ul>", out);
}

static void write_pictures(FILE *out, const struct report *report)
{
    if (report->totals.results[ROW_CONVERTED] == 0)
        return;
    fputs("<section aria-labelledby=\"pictures\">\n<h2 id=\"pictures\">Converted "
          "saves</h2>\n<figure class=\"wide\"><figcaption>Memory of all saves together, in "
          "pages by type</figcaption>",
          out);
    svg_memory_bar(out, report->totals.pages, "memory");
    write_legend(out, report->totals.pages);
    fputs("</figure>\n<div class=\"pair\">\n<figure><figcaption>Saves by size</figcaption>", out);
    svg_sizes(out, report);
    fputs("</figure>\n<figure><figcaption>Throughput by size of the save</figcaption>", out);
    svg_rates(out, report);
    fputs("</figure>\n</div>\n</section>\n", out);
}

static void write_why(FILE *out, const struct row *row)
{
    if (row->copied)
        fputs("copied as it is. ", out);
    if (row->why && row->why->about_input) {
        fprintf(out, "<span class=\"at\">byte 0x%" PRIx64 "</span>", row->why->offset);
        if (*row->why->place) {
            fputs(", ", out);
            html_text(out, row->why->place);
        }
        fputs(": ", out);
    }
    if (row->why)
        html_text(out, row->why->reason);
}

static void write_digest(FILE *out, const char *label, const uint8_t *digest)
{
    fprintf(out, "%s ", label);
    for (int i = 0; i < DIGEST_SIZE; i++)
        fprintf(out, "%02x", digest[i]);
}

static void write_name(FILE *out, const struct row *row)
{
    fputs("<th scope=\"row\"><bdi>", out);
    html_text(out, row->path);
    fputs("</bdi>", out);
    if (row->has_digests) {
        fputs("<details><summary>SHA-256</summary><code>", out);
        write_digest(out, "in", row->digest_in);
        write_digest(out, "<br>out", row->digest_out);
        fputs("</code></details>", out);
    }
    fputs("</th>", out);
}

static void write_size_cell(FILE *out, double bytes, const char *suffix)
{
    fprintf(out, "<td data-v=\"%.0f\">", bytes);
    if (bytes > 0) {
        html_size(out, bytes);
        fputs(suffix, out);
    }
    fputs("</td>", out);
}

/* The cell with the verdict, the limits that led to it, and the repairs made. */
static void write_restore(FILE *out, const struct row *row)
{
    char repairs[128];

    row_repairs(row, repairs, sizeof(repairs));
    fputs("<td class=\"restore\">", out);
    if (row->judged)
        html_text(out, limits_verdict_text(row->verdict));
    if (row->judged && *row->limits) {
        fputs(": ", out);
        html_text(out, row->limits);
    }
    if (*repairs)
        fprintf(out, " (repaired: %s)", repairs);
    fputs("</td>", out);
}

static void write_row(FILE *out, const struct row *row)
{
    const char *guest = guest_type_name(row->guest);
    bool converted = row->result == ROW_CONVERTED;

    fprintf(out, "<tr class=\"%s\"%s%s%s><td><span class=\"result\">%s</span></td>",
            row_result_name(row->result), row->judged ? " data-restore=\"" : "",
            row->judged ? limits_verdict_text(row->verdict) : "", row->judged ? "\"" : "",
            row_result_label(row->result));
    write_name(out, row);
    fputs("<td class=\"why\">", out);
    write_why(out, row);
    fputs("</td><td>", out);
    html_text(out, row->envelope);
    fputs("</td><td class=\"guest\">", out);
    if (guest && row->width)
        fprintf(out, "%s, %u-bit", guest, row->width * 8);
    fputs("</td>", out);
    write_restore(out, row);
    write_size_cell(out, (double)row->bytes_in, "");
    write_size_cell(out, (double)row->bytes_out, "");
    fputs("<td>", out);
    if (converted)
        svg_memory_bar(out, row->pages, "mini");
    fprintf(out, "</td><td data-v=\"%" PRIu64 "\">", row->usec);
    if (row->usec > 0)
        fprintf(out, "%.3f s", (double)row->usec / 1e6);
    fputs("</td>", out);
    write_size_cell(
        out, converted && row->usec ? (double)row->bytes_in / ((double)row->usec / 1e6) : 0, "/s");
    fputs("</tr>\n", out);
}

#define RANK_LAST     2
#define REASONS_SHOWN 20
#define ROWS_SHOWN    5000 /* a browser sorts and filters so many without delay */

/* Rows that need attention come first. */
static int row_rank(const struct row *row)
{
    return row->result == ROW_FAILED ? 0 : row->result == ROW_UNREADABLE ? 1 : RANK_LAST;
}

/* A table of the most frequent reasons, if there are many failures. */
static void write_reasons(FILE *out, const struct report *report)
{
    const uint64_t *results = report->totals.results;
    struct reason reasons[REASONS_SHOWN];
    size_t count;

    if (results[ROW_FAILED] + results[ROW_UNREADABLE] <= REASONS_SHOWN)
        return;
    count = report_reasons(report, reasons, REASONS_SHOWN);
    fputs(
        "<section aria-labelledby=\"reasons\">\n<h2 id=\"reasons\">Reasons</h2>\n<div "
        "class=\"scroll\" role=\"region\" aria-labelledby=\"reasons\" tabindex=\"0\">\n<table>\n"
        "<caption>Reasons why files failed or are unreadable, the most frequent first.</caption>\n"
        "<thead><tr><th scope=\"col\" class=\"number\">Files</th><th scope=\"col\">Reason</th>"
        "<th scope=\"col\">For example</th></tr></thead>\n<tbody>\n",
        out);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "<tr><td data-v=\"%" PRIu64 "\">%" PRIu64 "</td><td class=\"why\">",
                reasons[i].files, reasons[i].files);
        html_text(out, reasons[i].text);
        fputs("</td><td><bdi>", out);
        html_text(out, reasons[i].example->path);
        fputs("</bdi></td></tr>\n", out);
        free(reasons[i].text);
    }
    fputs("</tbody>\n</table>\n</div>\n</section>\n", out);
}

static void write_rows(FILE *out, const struct report *report)
{
    int shown = 0;

    for (int rank = 0; rank <= RANK_LAST; rank++)
        for (size_t i = 0; i < report->count && shown < ROWS_SHOWN; i++)
            if (row_rank(&report->rows[i]) == rank) {
                write_row(out, &report->rows[i]);
                shown++;
            }
}

static void write_table(FILE *out, const struct report *report)
{
    static const struct {
        const char *name;
        bool number;
    } columns[] = {{"Result", false}, {"File", false},    {"Details", false}, {"Container", false},
                   {"Guest", false},  {"Restore", false}, {"Size", true},     {"v2 size", true},
                   {"Memory", false}, {"Time", true},     {"Rate", true}};

    fputs("<section aria-labelledby=\"files\">\n<h2 id=\"files\">Files</h2>\n"
          "<form id=\"filter\" hidden><label>Filter <input type=\"search\" id=\"words\"></label>"
          "<label>Result <select id=\"result\"><option value=\"\">all</option>",
          out);
    for (int i = ROW_RESULTS - 1; i >= 0; i--)
        fprintf(out, "<option value=\"%s\">%s</option>", row_result_name((enum row_result)i),
                row_result_label((enum row_result)i));
    fputs("</select></label><label>Restore <select id=\"restore\"><option "
          "value=\"\">all</option>",
          out);
    for (int i = LIMITS_VERDICTS - 1; i >= 0; i--)
        fprintf(out, "<option>%s</option>", limits_verdict_text((enum limits_verdict)i));
    fputs("</select></label><output id=\"shown\" for=\"words result restore\"></output></form>\n",
          out);
    fprintf(out,
            "<div class=\"scroll\" role=\"region\" aria-labelledby=\"files\" tabindex=\"0\">\n"
            "<table id=\"table\" data-files=\"%zu\">\n<caption>Failed and unreadable files come "
            "first. The bars under Memory are in the colours of the legend above.",
            report->count);
    if (report->count > ROWS_SHOWN)
        fprintf(out,
                " <strong>Only the first %d of %zu files are here: a .jsonl report has "
                "all.</strong>",
                ROWS_SHOWN, report->count);
    fputs("</caption>\n<thead><tr>", out);
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        fprintf(out, "<th scope=\"col\"%s>%s</th>", columns[i].number ? " class=\"number\"" : "",
                columns[i].name);
    fputs("</tr></thead>\n<tbody>\n", out);
    write_rows(out, report);
    fputs("</tbody>\n</table>\n</div>\n</section>\n", out);
}

bool report_html(FILE *out, const struct report *report, struct cls_error *err)
{
    char nonce[33];

    (void)err;
    make_nonce(nonce);
    write_head(out, nonce);
    fputs("<body>\n", out);
    write_summary(out, report);
    write_pictures(out, report);
    write_reasons(out, report);
    write_table(out, report);
    fprintf(out, "</main>\n<script nonce=\"%s\">\n%s</script>\n</body>\n</html>\n", nonce,
            report_js);
    return true;
}
