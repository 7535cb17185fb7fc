/*
 * The verdict: can the save be restored, and what to do if not.
 */
#include <stdio.h>
#include <string.h>

#include "inspect_print.h"

/* If the verdict changes more often between releases, only the limits are printed. */
#define SPANS_SHOWN 4

const char *inspect_severity_name(enum limits_severity severity)
{
    static const char *const names[] = {[LIMITS_UNCHECKED] = "unchecked",
                                        [LIMITS_NOTE] = "note",
                                        [LIMITS_HARMS] = "harms",
                                        [LIMITS_BLOCKS] = "blocks"};

    return names[severity];
}

/* Without --for: prints the verdict for each range of releases, if it is not the same for all. */
static void print_spans(const struct inspection *r, inspect_print_line *print)
{
    struct limits_span spans[LIMITS_SPANS_MAX];
    unsigned count = limits_spans(&r->facts, spans);
    char releases[64];

    if (r->host.given || count < 2 || count > SPANS_SHOWN)
        return;
    for (unsigned i = 0; i < count; i++) {
        limits_span_text(&spans[i], releases, sizeof(releases));
        print("restore on %s: %s", releases, limits_verdict_text(spans[i].verdict));
    }
}

void inspect_print_restore(const struct inspection *r, bool verbose, inspect_print_line *print)
{
    if (r->failed)
        return;
    print("restore: %s", limits_verdict_text(r->findings.verdict));
    print_spans(r, print);
    for (unsigned i = 0; i < r->findings.count; i++) {
        const struct limits_finding *f = &r->findings.list[i];

        if (f->severity <= LIMITS_NOTE && !verbose)
            continue;
        print("  %s%s: %s; %s%s%s", f->id, f->severity == LIMITS_UNCHECKED ? " (not checked)" : "",
              f->what, f->where, *f->remedy ? "; remedy: " : "", f->remedy);
    }
}

static void put_finding(const struct document_writer *w, const struct limits_finding *f)
{
    document_begin(w, "limit");
    document_text(w, "id", f->id);
    document_text(w, "severity", inspect_severity_name(f->severity));
    document_flag(w, "some_releases", f->some_points);
    document_text(w, "what", f->what);
    document_text(w, "where", f->where);
    if (*f->remedy)
        document_text(w, "remedy", f->remedy);
    if (f->repair)
        document_text(w, "repair", limits_repair_name(f->repair));
    document_end(w);
}

void inspect_put_restore(const struct document_writer *w, const struct inspection *r)
{
    struct limits_span spans[LIMITS_SPANS_MAX];
    unsigned count = r->host.given ? 0 : limits_spans(&r->facts, spans);
    char text[64];

    if (r->failed)
        return;
    document_begin(w, "restore");
    document_text(w, "verdict", limits_verdict_text(r->findings.verdict));
    if (r->host.given) {
        limits_host_text(&r->host, text, sizeof(text));
        document_text(w, "for", text);
    }
    document_begin_list(w, "limits");
    for (unsigned i = 0; i < r->findings.count; i++)
        put_finding(w, &r->findings.list[i]);
    document_end(w);
    document_begin_list(w, "releases");
    for (unsigned i = 0; i < count; i++) {
        limits_span_text(&spans[i], text, sizeof(text));
        document_begin(w, "span");
        document_text(w, "releases", text);
        document_text(w, "verdict", limits_verdict_text(spans[i].verdict));
        document_end(w);
    }
    document_end(w);
    document_end(w);
}
