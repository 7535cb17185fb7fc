#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "lazy/json.h"
#include "lazy/xml.h"
#include "report.h"

int report_format_of(const char *name)
{
    static const char *const ends[] = {
        [REPORT_JSONL] = ".jsonl", [REPORT_XML] = ".xml", [REPORT_HTML] = ".html"};
    size_t len = strlen(name);

    for (int i = 0; i < (int)(sizeof(ends) / sizeof(ends[0])); i++)
        if (len > strlen(ends[i]) && strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
            return i;
    return -1;
}

static bool fail(const struct report_file *f, struct cls_error *err)
{
    return cls_fail_errno(err, errno, "cannot write the report %s", f->name);
}

/* Completes a last line without newline, which a killed writer has left. */
static bool end_last_line(FILE *out)
{
    char last = '\n';
    off_t end = lseek(fileno(out), 0, SEEK_END);

    if (end > 0 && pread(fileno(out), &last, 1, end - 1) != 1)
        return false;
    return last == '\n' || (fputc('\n', out) != EOF && fflush(out) == 0);
}

static bool open_lines(struct report_file *f, struct cls_error *err)
{
    int fd = open(f->name, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);

    f->out = fd < 0 ? NULL : fdopen(fd, "a+");
    return f->out || fail(f, err);
}

/*
 * Locks the report, to which other runs may append. If the file system supports no locks, the line
 * is written without one.
 */
static bool begin_line(const struct report_file *f)
{
    if (!f->appended)
        return true;
    while (flock(fileno(f->out), LOCK_EX) != 0 && errno == EINTR)
        ;
    return end_last_line(f->out);
}

static bool end_line(const struct report_file *f)
{
    bool ok = fflush(f->out) == 0 && !ferror(f->out);
    int errnum = errno;

    if (f->appended)
        (void)flock(fileno(f->out), LOCK_UN);
    errno = errnum;
    return ok;
}

static bool open_document(struct report_file *f, struct cls_error *err)
{
    int fd;

    if (!out_file_resolve(&f->file, f->name, f->name, false, &f->cleanup, err) ||
        !out_file_open(&f->file, err))
        return false;
    fd = fcntl(f->file.fd, F_DUPFD_CLOEXEC, 0);
    f->out = fd < 0 ? NULL : fdopen(fd, "w");
    return f->out || fail(f, err);
}

bool reports_open(struct reports *reports, const char *const *names, size_t count, bool append,
                  struct cls_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct report_file *f = &reports->files[i];

        *f = (struct report_file){.name = names[i],
                                  .format = (enum report_format)report_format_of(names[i]),
                                  .file = {.fd = -1, .dir_fd = -1}};
        reports->count = i + 1;
        if ((f->format == REPORT_JSONL && !lazy_json(err)) ||
            (f->format == REPORT_XML && !lazy_xml(err)))
            return false;
        reports->store_rows |= f->format != REPORT_JSONL;
        f->appended = append && f->format == REPORT_JSONL;
        if (!(f->appended ? open_lines(f, err) : open_document(f, err)))
            return false;
    }
    return true;
}

static bool store_row(struct reports *reports, struct row *row, struct cls_error *err)
{
    if (reports->row_count == reports->capacity) {
        size_t capacity = reports->capacity ? 2 * reports->capacity : 256;
        struct row *grown = reallocarray(reports->rows, capacity, sizeof(*grown));

        if (!grown)
            return cls_fail_errno(err, ENOMEM, "cannot keep the rows of the report");
        reports->rows = grown;
        reports->capacity = capacity;
    }
    reports->rows[reports->row_count++] = *row;
    *row = (struct row){0};
    return true;
}

bool reports_add(struct reports *reports, struct row *row, struct cls_error *err)
{
    bool ok = true;

    row_totals_add(&reports->totals, row);
    for (size_t i = 0; ok && i < reports->count; i++) {
        struct report_file *f = &reports->files[i];

        if (f->format == REPORT_JSONL)
            ok = (begin_line(f) || fail(f, err)) && report_jsonl_row(f->out, row, err) &&
                 (end_line(f) || fail(f, err));
    }
    if (ok && reports->store_rows)
        ok = store_row(reports, row, err);
    row_free(row);
    return ok;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->path, ((const struct row *)b)->path);
}

static bool write_document(struct report_file *f, const struct report *report,
                           struct cls_error *err)
{
    bool (*write)(FILE *, const struct report *, struct cls_error *) =
        f->format == REPORT_XML    ? report_xml
        : f->format == REPORT_HTML ? report_html
                                   : report_jsonl_totals;

    if (!begin_line(f))
        return fail(f, err);
    if (!write(f->out, report, err))
        return false;
    if (!end_line(f))
        return fail(f, err);
    return f->appended || out_file_commit(&f->file, NULL, false, err);
}

bool reports_finish(struct reports *reports, uint64_t elapsed_usec, uint64_t not_reached,
                    struct cls_error *err)
{
    struct report report = {.rows = reports->rows,
                            .count = reports->row_count,
                            .totals = reports->totals,
                            .elapsed_usec = elapsed_usec,
                            .not_reached = not_reached};
    time_t now = time(NULL);
    struct tm tm;
    bool ok = true;

    if (gmtime_r(&now, &tm))
        strftime(report.ended, sizeof(report.ended), "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (report.count > 0)
        qsort(reports->rows, reports->row_count, sizeof(*reports->rows), compare);
    /* After a failure the other reports are still written. */
    for (size_t i = 0; i < reports->count; i++) {
        struct cls_error why;

        if (write_document(&reports->files[i], &report, &why))
            continue;
        if (ok)
            *err = why;
        ok = false;
    }
    return ok;
}

void reports_close(struct reports *reports)
{
    for (size_t i = 0; i < reports->count; i++) {
        struct report_file *f = &reports->files[i];

        if (f->out)
            fclose(f->out);
        if (!f->appended)
            out_file_close(&f->file);
    }
    for (size_t i = 0; i < reports->row_count; i++)
        row_free(&reports->rows[i]);
    free(reports->rows);
    *reports = (struct reports){0};
}
