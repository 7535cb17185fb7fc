/*
 * The report as XML; docs/report.rng is its schema.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/page_type.h"
#include "base/utf8.h"
#include "hex.h"
#include "lazy/xml.h"
#include "report.h"

/* failed is set by any failure, so that one check at the end suffices. */
struct writer {
    const struct lazy_xml *x;
    xmlTextWriterPtr w;
    bool failed;
};

static void check(struct writer *w, int rc)
{
    w->failed |= rc < 0;
}

static void start_element(struct writer *w, const char *name)
{
    check(w, w->x->xmlTextWriterStartElement(w->w, BAD_CAST name));
}

static void end_element(struct writer *w)
{
    check(w, w->x->xmlTextWriterEndElement(w->w));
}

CLS_PRINTF(3, 4)
static void attribute(struct writer *w, const char *name, const char *fmt, ...)
{
    char value[128];
    va_list args;

    va_start(args, fmt);
    vsnprintf(value, sizeof(value), fmt, args);
    va_end(args);
    check(w, w->x->xmlTextWriterWriteAttribute(w->w, BAD_CAST name, BAD_CAST value));
}

static void text_attribute(struct writer *w, const char *name, const char *text)
{
    char *plain = utf8_plain(text);

    check(w, plain ? w->x->xmlTextWriterWriteAttribute(w->w, BAD_CAST name, BAD_CAST plain) : -1);
    free(plain);
}

static void hex_attribute(struct writer *w, const char *name, const void *bytes, size_t n)
{
    char *hex = hex_encode(bytes, n);

    check(w, hex ? w->x->xmlTextWriterWriteAttribute(w->w, BAD_CAST name, BAD_CAST hex) : -1);
    free(hex);
}

static void number_attribute(struct writer *w, const char *name, uint64_t n)
{
    attribute(w, name, "%" PRIu64, n);
}

static void write_pages(struct writer *w, const uint64_t pages[16])
{
    for (unsigned i = 0; i < 16; i++) {
        if (!pages[i])
            continue;
        start_element(w, "pages");
        attribute(w, "type", "%s", page_type_name(i));
        number_attribute(w, "count", pages[i]);
        end_element(w);
    }
}

static void write_why(struct writer *w, const struct cls_error *why)
{
    char *plain = utf8_plain(why->reason);

    start_element(w, "why");
    if (why->about_input) {
        number_attribute(w, "offset", why->offset);
        text_attribute(w, "place", why->place);
    }
    check(w, plain ? w->x->xmlTextWriterWriteString(w->w, BAD_CAST plain) : -1);
    end_element(w);
    free(plain);
}

static void write_row(struct writer *w, const struct row *row)
{
    start_element(w, "file");
    text_attribute(w, "path", row->path);
    if (!utf8_is_plain(row->path))
        hex_attribute(w, "path-hex", row->path, strlen(row->path));
    attribute(w, "result", "%s", row_result_name(row->result));
    if (row->result == ROW_FAILED)
        attribute(w, "status", "%d", (int)row->status);
    if (row->copied)
        attribute(w, "copied", "true");
    number_attribute(w, "bytes-in", row->bytes_in);
    number_attribute(w, "bytes-out", row->bytes_out);
    attribute(w, "seconds", SECONDS_FORMAT, SECONDS_ARGS(row->usec));
    if (*row->envelope)
        text_attribute(w, "envelope", row->envelope);
    if (guest_type_name(row->guest))
        attribute(w, "guest", "%s", guest_type_name(row->guest));
    if (row->width)
        attribute(w, "width", "%u", row->width * 8);
    if (row->p2m_size)
        number_attribute(w, "p2m-size", row->p2m_size);
    if (row->judged) {
        char repairs[128];

        attribute(w, "restore", "%s", limits_verdict_text(row->verdict));
        text_attribute(w, "limits", row->limits);
        row_repairs(row, repairs, sizeof(repairs));
        attribute(w, "repaired", "%s", repairs);
    }
    if (row->has_digests) {
        hex_attribute(w, "sha256-in", row->digest_in, DIGEST_SIZE);
        hex_attribute(w, "sha256-out", row->digest_out, DIGEST_SIZE);
    }
    write_pages(w, row->pages);
    if (row->why)
        write_why(w, row->why);
    end_element(w);
}

static void write_totals(struct writer *w, const struct report *report)
{
    const struct row_totals *t = &report->totals;

    start_element(w, "totals");
    number_attribute(w, "files", t->rows);
    for (int i = 0; i < ROW_RESULTS; i++)
        number_attribute(w, row_result_name((enum row_result)i), t->results[i]);
    number_attribute(w, "not-reached", report->not_reached);
    number_attribute(w, "bytes-in", t->bytes_in);
    number_attribute(w, "bytes-out", t->bytes_out);
    attribute(w, "seconds", SECONDS_FORMAT, SECONDS_ARGS(t->usec));
    number_attribute(w, "restore-yes", t->verdicts[LIMITS_RESTORE_YES]);
    number_attribute(w, "restore-needs-attention", t->verdicts[LIMITS_RESTORE_ATTENTION]);
    number_attribute(w, "restore-no", t->verdicts[LIMITS_RESTORE_NO]);
    write_pages(w, t->pages);
    end_element(w);
}

static int write_bytes(void *ctx, const char *bytes, int n)
{
    return fwrite(bytes, 1, (size_t)n, ctx) == (size_t)n ? n : -1;
}

bool report_xml(FILE *out, const struct report *report, struct cls_error *err)
{
    struct writer w = {.x = lazy_xml(err)};
    xmlOutputBufferPtr buffer;

    if (!w.x)
        return false;
    buffer = w.x->xmlOutputBufferCreateIO(write_bytes, NULL, out, NULL);
    w.w = buffer ? w.x->xmlNewTextWriter(buffer) : NULL;
    if (!w.w)
        return cls_fail_errno(err, ENOMEM, "cannot write XML");
    check(&w, w.x->xmlTextWriterSetIndent(w.w, 1));
    check(&w, w.x->xmlTextWriterStartDocument(w.w, NULL, "UTF-8", NULL));
    start_element(&w, "batch-report");
    attribute(&w, "version", "1");
    attribute(&w, "ended", "%s", report->ended);
    if (report->elapsed_usec > 0)
        attribute(&w, "elapsed", SECONDS_FORMAT, SECONDS_ARGS(report->elapsed_usec));
    write_totals(&w, report);
    for (size_t i = 0; i < report->count; i++)
        write_row(&w, &report->rows[i]);
    check(&w, w.x->xmlTextWriterEndDocument(w.w));
    w.x->xmlFreeTextWriter(w.w);
    return !w.failed || cls_fail(err, CLS_SYSTEM, "cannot write XML (out of space or memory)");
}
