/*
 * --merge-reports: merges the reports of several shards, or of several runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "lazy/json.h"
#include "signals.h"

struct merge {
    struct messages *messages;
    struct row *rows;
    size_t count, capacity;
};

static bool add_row(struct merge *merge, struct row *row, struct cls_error *err)
{
    if (merge->count == merge->capacity) {
        size_t capacity = merge->capacity ? 2 * merge->capacity : 256;
        struct row *grown = reallocarray(merge->rows, capacity, sizeof(*grown));

        if (!grown) {
            row_free(row);
            return cls_fail_errno(err, ENOMEM, "cannot merge the reports");
        }
        merge->rows = grown;
        merge->capacity = capacity;
    }
    merge->rows[merge->count++] = *row;
    return true;
}

static bool read_lines(struct merge *merge, FILE *in, const char *name, struct cls_error *err)
{
    struct cls_log_counts counts = {0};
    struct cls_log log = {.line = messages_log, .ctx = merge->messages, .counts = &counts};
    char *line = NULL;
    size_t size = 0, number = 0;
    bool ok = true, invalid;

    while (ok && getline(&line, &size, in) >= 0) {
        struct row row;

        number++;
        if (report_jsonl_read(line, &row, &invalid))
            ok = add_row(merge, &row, err);
        else if (invalid)
            cls_warn(&log, "line %zu is not a report line (it may be truncated)", number);
    }
    cls_log_finish(&log);
    if (ok && ferror(in))
        ok = cls_fail_errno(err, errno, "cannot read %s", name);
    free(line);
    return ok;
}

static bool read_report(struct merge *merge, const char *name, struct cls_error *err)
{
    FILE *in = fopen(name, "re");
    bool ok;

    if (!in)
        return cls_fail_errno(err, errno, "cannot read %s", name);
    merge->messages->subject = name;
    ok = read_lines(merge, in, name, err);
    fclose(in);
    return ok;
}

/* Orders by path. Rows of the same file keep the order in which they were read. */
static int compare(const void *a, const void *b)
{
    const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
    int order = strcmp(x->path, y->path);

    return order ? order : (x > y) - (x < y);
}

/* Does b, which was read later, replace a for the same file? */
static bool is_newer_result(const struct row *a, const struct row *b)
{
    return a->result == ROW_FAILED || b->result != ROW_UP_TO_DATE;
}

static bool add_rows(struct merge *merge, struct reports *reports, struct cls_error *err)
{
    struct row **sorted = calloc(merge->count + 1, sizeof(*sorted));
    bool ok = true;

    if (!sorted)
        return cls_fail_errno(err, ENOMEM, "cannot merge the reports");
    for (size_t i = 0; i < merge->count; i++)
        sorted[i] = &merge->rows[i];
    qsort(sorted, merge->count, sizeof(*sorted), compare);
    for (size_t i = 0, next; ok && i < merge->count; i = next) {
        struct row *best = sorted[i];

        for (next = i + 1; next < merge->count; next++) {
            if (strcmp(sorted[next]->path, sorted[i]->path) != 0)
                break;
            if (is_newer_result(best, sorted[next]))
                best = sorted[next];
        }
        ok = reports_add(reports, best, err);
    }
    free(sorted);
    return ok;
}

int batch_merge(const char *out, char *const *in, size_t count, struct messages *messages)
{
    static struct reports reports; /* static: the signal handler uses it until exit */
    struct merge merge = {.messages = messages};
    struct cls_error err;
    bool ok = lazy_json(&err) != NULL;

    signals_install(&reports.files[0].cleanup);
    for (size_t i = 0; ok && i < count; i++)
        ok = read_report(&merge, in[i], &err);
    /* After all inputs were read: the output may be one of them. */
    ok = ok && reports_open(&reports, &out, 1, false, &err) && add_rows(&merge, &reports, &err) &&
         reports_finish(&reports, 0, 0, &err);
    if (!ok)
        messages_error(messages, &err);
    reports_close(&reports);
    for (size_t i = 0; i < merge.count; i++)
        row_free(&merge.rows[i]);
    free(merge.rows);
    return ok ? CLS_OK : (int)err.status;
}
