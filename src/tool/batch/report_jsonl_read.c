#include <stdlib.h>
#include <string.h>

#include "base/page_type.h"
#include "hex.h"
#include "lazy/json.h"
#include "report.h"

static const char *text_of(const struct lazy_json *j, json_object *from, const char *key)
{
    json_object *value;
    const char *text = NULL;

    if (j->json_object_object_get_ex(from, key, &value))
        text = j->json_object_get_string(value);
    return text ? text : "";
}

static uint64_t number_of(const struct lazy_json *j, json_object *from, const char *key)
{
    json_object *value;

    return j->json_object_object_get_ex(from, key, &value) ? j->json_object_get_uint64(value) : 0;
}

static char *path_of(const struct lazy_json *j, json_object *line)
{
    const char *hex = text_of(j, line, "path_hex"), *path = text_of(j, line, "path");
    size_t len = strlen(hex) / 2;
    char *bytes;

    if (*hex == '\0')
        return *path ? strdup(path) : NULL;
    bytes = calloc(1, len + 1);
    if (!bytes || !hex_read(hex, bytes, len) || strlen(bytes) != len) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

static bool take_result(const struct lazy_json *j, json_object *line, struct row *row)
{
    const char *name = text_of(j, line, "result");

    for (int i = 0; i < ROW_RESULTS; i++) {
        if (strcmp(name, row_result_name((enum row_result)i)) == 0) {
            row->result = (enum row_result)i;
            row->status = (enum cls_status)number_of(j, line, "status");
            return row->status <= CLS_SYSTEM;
        }
    }
    return false;
}

static void take_why(const struct lazy_json *j, json_object *line, struct row *row)
{
    json_object *from, *offset;
    struct cls_error why = {.status = row->status};

    if (!j->json_object_object_get_ex(line, "why", &from))
        return;
    why.about_input = j->json_object_object_get_ex(from, "offset", &offset);
    why.offset = number_of(j, from, "offset");
    snprintf(why.place, sizeof(why.place), "%s", text_of(j, from, "place"));
    snprintf(why.reason, sizeof(why.reason), "%s", text_of(j, from, "reason"));
    row_explain(row, &why);
}

static void take_repairs(const char *names, struct row *row)
{
    for (size_t n; *names; names += n + (names[n] == ' ')) {
        n = strcspn(names, " ");
        row->repaired |= limits_repair_parse(names, n);
    }
}

static void take_what_was_found(const struct lazy_json *j, json_object *line, struct row *row)
{
    const char *guest = text_of(j, line, "guest");
    uint64_t width = number_of(j, line, "width");
    json_object *pages;

    snprintf(row->envelope, sizeof(row->envelope), "%s", text_of(j, line, "envelope"));
    row->guest = strcmp(guest, "PV") == 0    ? GUEST_PV
                 : strcmp(guest, "HVM") == 0 ? GUEST_HVM
                                             : GUEST_UNKNOWN;
    row->width = width == 32 ? 4 : width == 64 ? 8 : 0;
    row->p2m_size = number_of(j, line, "p2m_size");
    if (j->json_object_object_get_ex(line, "pages", &pages))
        for (unsigned i = 0; i < 16; i++)
            if (page_type_name(i))
                row->pages[i] = number_of(j, pages, page_type_name(i));
    for (int i = 0; i < LIMITS_VERDICTS; i++) {
        if (strcmp(text_of(j, line, "restore"), limits_verdict_text((enum limits_verdict)i)) != 0)
            continue;
        row->judged = true;
        row->verdict = (enum limits_verdict)i;
        snprintf(row->limits, sizeof(row->limits), "%s", text_of(j, line, "limits"));
        take_repairs(text_of(j, line, "repaired"), row);
    }
    row->has_digests = hex_read(text_of(j, line, "sha256_in"), row->digest_in, DIGEST_SIZE) &&
                       hex_read(text_of(j, line, "sha256_out"), row->digest_out, DIGEST_SIZE);
}

/* Returns 0 for values out of range. */
static uint64_t microseconds_of(double seconds)
{
    return seconds >= 0 && seconds < 1e12 ? (uint64_t)(seconds * 1e6 + 0.5) : 0;
}

static bool take_row(const struct lazy_json *j, json_object *line, struct row *row)
{
    json_object *value;

    row->path = path_of(j, line);
    if (!row->path || !take_result(j, line, row)) {
        row_free(row);
        return false;
    }
    row->copied = number_of(j, line, "copied") != 0;
    row->bytes_in = number_of(j, line, "bytes_in");
    row->bytes_out = number_of(j, line, "bytes_out");
    if (j->json_object_object_get_ex(line, "seconds", &value))
        row->usec = microseconds_of(j->json_object_get_double(value));
    take_what_was_found(j, line, row);
    take_why(j, line, row);
    return true;
}

bool report_jsonl_read(const char *text, struct row *row, bool *torn)
{
    struct cls_error err;
    const struct lazy_json *j = lazy_json(&err);
    json_object *line = j ? j->json_tokener_parse(text) : NULL;
    bool ok;

    *row = (struct row){0};
    ok = line && strcmp(text_of(j, line, "type"), "file") == 0 && take_row(j, line, row);
    *torn = !ok && !(line && strcmp(text_of(j, line, "type"), "totals") == 0);
    if (line)
        j->json_object_put(line);
    return ok;
}
