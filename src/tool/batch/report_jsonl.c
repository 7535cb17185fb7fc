#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/page_type.h"
#include "base/utf8.h"
#include "hex.h"
#include "lazy/json.h"
#include "report.h"

static void add(const struct lazy_json *j, json_object *to, const char *key, json_object *value)
{
    j->json_object_object_add(to, key, value);
}

static void add_text(const struct lazy_json *j, json_object *to, const char *key, const char *text)
{
    char *plain = utf8_plain(text);

    if (plain)
        add(j, to, key, j->json_object_new_string(plain));
    free(plain);
}

static void add_number(const struct lazy_json *j, json_object *to, const char *key, uint64_t n)
{
    add(j, to, key, j->json_object_new_uint64(n));
}

static void add_seconds(const struct lazy_json *j, json_object *to, const char *key, uint64_t usec)
{
    char text[32];

    snprintf(text, sizeof(text), SECONDS_FORMAT, SECONDS_ARGS(usec));
    add(j, to, key, j->json_object_new_double_s((double)usec / 1e6, text));
}

static void add_hex(const struct lazy_json *j, json_object *to, const char *key, const void *bytes,
                    size_t n)
{
    char *text = hex_encode(bytes, n);

    if (text)
        add(j, to, key, j->json_object_new_string(text));
    free(text);
}

static void add_pages(const struct lazy_json *j, json_object *to, const uint64_t pages[16])
{
    json_object *by_type = j->json_object_new_object();

    for (unsigned i = 0; i < 16; i++)
        if (pages[i])
            add_number(j, by_type, page_type_name(i), pages[i]);
    add(j, to, "pages", by_type);
}

static void add_found(const struct lazy_json *j, json_object *line, const struct row *row)
{
    if (*row->envelope)
        add_text(j, line, "envelope", row->envelope);
    if (guest_type_name(row->guest))
        add_text(j, line, "guest", guest_type_name(row->guest));
    if (row->width)
        add_number(j, line, "width", row->width * 8);
    if (row->p2m_size) {
        add_number(j, line, "p2m_size", row->p2m_size);
        add_pages(j, line, row->pages);
    }
    if (row->judged) {
        char repairs[128];

        add_text(j, line, "restore", limits_verdict_text(row->verdict));
        add_text(j, line, "limits", row->limits);
        row_repairs(row, repairs, sizeof(repairs));
        add_text(j, line, "repaired", repairs);
    }
    if (row->has_digests) {
        add_hex(j, line, "sha256_in", row->digest_in, DIGEST_SIZE);
        add_hex(j, line, "sha256_out", row->digest_out, DIGEST_SIZE);
    }
}

static void add_reason(const struct lazy_json *j, json_object *line, const struct cls_error *why)
{
    json_object *reason = j->json_object_new_object();

    if (why->about_input) {
        add_number(j, reason, "offset", why->offset);
        add_text(j, reason, "place", why->place);
    }
    add_text(j, reason, "reason", why->reason);
    add(j, line, "why", reason);
}

static bool put_line(const struct lazy_json *j, FILE *out, json_object *line, struct cls_error *err)
{
    const char *text = j->json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN |
                                                                   JSON_C_TO_STRING_NOSLASHESCAPE);
    bool ok = text && fputs(text, out) != EOF && fputc('\n', out) != EOF;
    int errnum = errno;

    j->json_object_put(line);
    return ok || cls_fail_errno(err, errnum, "cannot write a line of the report");
}

bool report_jsonl_row(FILE *out, const struct row *row, struct cls_error *err)
{
    const struct lazy_json *j = lazy_json(err);
    json_object *line = j ? j->json_object_new_object() : NULL;

    if (!line)
        return j ? cls_fail_errno(err, ENOMEM, "cannot write a line of the report") : false;
    add(j, line, "type", j->json_object_new_string("file"));
    add_text(j, line, "path", row->path);
    if (!utf8_is_plain(row->path))
        add_hex(j, line, "path_hex", row->path, strlen(row->path));
    add_text(j, line, "result", row_result_name(row->result));
    if (row->result == ROW_FAILED)
        add_number(j, line, "status", row->status);
    if (row->copied)
        add(j, line, "copied", j->json_object_new_boolean(true));
    add_number(j, line, "bytes_in", row->bytes_in);
    add_number(j, line, "bytes_out", row->bytes_out);
    add_seconds(j, line, "seconds", row->usec);
    add_found(j, line, row);
    if (row->why)
        add_reason(j, line, row->why);
    return put_line(j, out, line, err);
}

bool report_jsonl_totals(FILE *out, const struct report *report, struct cls_error *err)
{
    const struct row_totals *t = &report->totals;
    const struct lazy_json *j = lazy_json(err);
    json_object *line = j ? j->json_object_new_object() : NULL;
    json_object *restore = j ? j->json_object_new_object() : NULL;

    if (!line)
        return j ? cls_fail_errno(err, ENOMEM, "cannot write a line of the report") : false;
    add(j, line, "type", j->json_object_new_string("totals"));
    add_number(j, line, "files", t->rows);
    for (int i = 0; i < ROW_RESULTS; i++)
        add_number(j, line, row_result_name((enum row_result)i), t->results[i]);
    add_number(j, line, "not-reached", report->not_reached);
    for (int i = 0; i < LIMITS_VERDICTS; i++)
        add_number(j, restore, limits_verdict_text((enum limits_verdict)i), t->verdicts[i]);
    add(j, line, "restore", restore);
    add_number(j, line, "bytes_in", t->bytes_in);
    add_number(j, line, "bytes_out", t->bytes_out);
    add_pages(j, line, t->pages);
    add_seconds(j, line, "seconds", t->usec);
    if (report->elapsed_usec > 0)
        add_seconds(j, line, "elapsed", report->elapsed_usec);
    add_text(j, line, "ended", report->ended);
    return put_line(j, out, line, err);
}
