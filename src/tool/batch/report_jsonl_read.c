#include <stdlib.h>
#include <string.h>

#include "base/page_type.h"
#include "hex.h"
#include "lazy/json.h"
#include "report.h"

static const char *get_text(const struct lazy_json *j, json_object *from, const char *key)
{
    json_object *value;
    const char *text = NULL;

    if (j->json_object_object_get_ex(from, key, &value))
        text = j->json_object_get_string(value);
    return text ? text : "";
}

static uint64_t get_number(const struct lazy_json *j, json_object *from, const char *key)
{
    json_object *value;

    return j->json_object_object_get_ex(from, key, &value) ? j->json_object_get_uint64(value) : 0;
}

static char *get_path(const struct lazy_json *j, json_object *line)
{
    const char *hex = get_text(j, line, "path_hex"), *path = get_text(j, line, "path");
    size_t len = strlen(hex) / 2;
    char *bytes;

    if (*hex == '\0')
        return *path ? strdup(path) : NULL;
    bytes = calloc(1, len + 1);
    if (!bytes || !hex_decode(hex, bytes, len) || strlen(bytes) != len) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

static bool read_result(const struct lazy_json *j, json_object *line, struct row *row)
{
    const char *name = get_text(j, line, "result");

    for (int i = 0; i < ROW_RESULTS; i++) {
        if (strcmp(name, row_result_name((enum row_result)i)) == 0) {
            row->result = (enum row_result)i;
            row->status = (enum cls_status)get_number(j, line, "status");
            return row->status <= CLS_SYSTEM;
        }
    }
    return false;
}

static void read_why(const struct lazy_json *j, json_object *line, struct row *row)
{
    json_object *from, *offset;
    struct cls_error why = {.status = row->status};

    if (!j->json_object_object_get_ex(line, "why", &from))
        return;
    why.about_input = j->json_object_object_get_ex(from, "offset", &offset);
    why.offset = get_number(j, from, "offset");
    snprintf(why.place, sizeof(why.place), "%s", get_text(j, from, "place"));
    snprintf(why.reason, sizeof(why.reason), "%s", get_text(j, from, "reason"));
    row_explain(row, &why);
}

static void read_repairs(const char *names, struct row *row)
{
    for (size_t n; *names; names += n + (names[n] == ' ')) {
        n = strcspn(names, " ");
        row->repaired |= limits_repair_parse(names, n);
    }
}

static void read_found(const struct lazy_json *j, json_object *line, struct row *row)
{
    const char *guest = get_text(j, line, "guest");
    uint64_t width = get_number(j, line, "width");
    json_object *pages;

    snprintf(row->envelope, sizeof(row->envelope), "%s", get_text(j, line, "envelope"));
    row->guest = strcmp(guest, "PV") == 0    ? GUEST_PV
                 : strcmp(guest, "HVM") == 0 ? GUEST_HVM
                                             : GUEST_UNKNOWN;
    row->width = width == 32 ? 4 : width == 64 ? 8 : 0;
    row->p2m_size = get_number(j, line, "p2m_size");
    if (j->json_object_object_get_ex(line, "pages", &pages))
        for (unsigned i = 0; i < 16; i++)
            if (page_type_name(i))
                row->pages[i] = get_number(j, pages, page_type_name(i));
    for (int i = 0; i < LIMITS_VERDICTS; i++) {
        if (strcmp(get_text(j, line, "restore"), limits_verdict_text((enum limits_verdict)i)) != 0)
            continue;
        row->judged = true;
        row->verdict = (enum limits_verdict)i;
        snprintf(row->limits, sizeof(row->limits), "%s", get_text(j, line, "limits"));
        read_repairs(get_text(j, line, "repaired"), row);
    }
    row->has_digests = hex_decode(get_text(j, line, "sha256_in"), row->digest_in, DIGEST_SIZE) &&
                       hex_decode(get_text(j, line, "sha256_out"), row->digest_out, DIGEST_SIZE);
}

/* Returns 0 for values out of range. */
static uint64_t microseconds_of(double seconds)
{
    return seconds >= 0 && seconds < 1e12 ? (uint64_t)(seconds * 1e6 + 0.5) : 0;
}

static bool read_row(const struct lazy_json *j, json_object *line, struct row *row)
{
    json_object *value;

    row->path = get_path(j, line);
    if (!row->path || !read_result(j, line, row)) {
        row_free(row);
        return false;
    }
    row->copied = get_number(j, line, "copied") != 0;
    row->bytes_in = get_number(j, line, "bytes_in");
    row->bytes_out = get_number(j, line, "bytes_out");
    if (j->json_object_object_get_ex(line, "seconds", &value))
        row->usec = microseconds_of(j->json_object_get_double(value));
    read_found(j, line, row);
    read_why(j, line, row);
    return true;
}

bool report_jsonl_read(const char *text, struct row *row, bool *invalid)
{
    struct cls_error err;
    const struct lazy_json *j = lazy_json(&err);
    json_object *line = j ? j->json_tokener_parse(text) : NULL;
    bool ok;

    *row = (struct row){0};
    ok = line && strcmp(get_text(j, line, "type"), "file") == 0 && read_row(j, line, row);
    *invalid = !ok && !(line && strcmp(get_text(j, line, "type"), "totals") == 0);
    if (line)
        j->json_object_put(line);
    return ok;
}
