#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bytes.h"

void must(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

bool check_that(bool ok, const char *file, unsigned line, const char *fmt, ...)
{
    char text[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    CU_assertImplementation(ok, line, text, file, "", CU_FALSE);
    return ok;
}

void check_int(long long found, long long wanted, const char *what, const char *file, unsigned line)
{
    check_that(found == wanted, file, line, "%s is %lld, not %lld", what, found, wanted);
}

void check_text(const char *found, const char *wanted, const char *file, unsigned line)
{
    if (!check_that(strcmp(found, wanted) == 0, file, line, "text differs"))
        fprintf(stderr, "%s:%u: found:\n%s\nwanted:\n%s\n", file, line, found, wanted);
}

void check_contains(const char *found, const char *part, const char *file, unsigned line)
{
    check_that(strstr(found, part) != NULL, file, line, "'%s' does not contain '%s'", found, part);
}

void check_bytes(const uint8_t *found, size_t n, const struct bytes *wanted, const char *file,
                 unsigned line)
{
    size_t common = n < wanted->len ? n : wanted->len, i = 0;

    while (i < common && found[i] == wanted->p[i])
        i++;
    check_that(i == n && i == wanted->len, file, line,
               "%zu bytes instead of %zu; first difference at 0x%zx", n, wanted->len, i);
}

void bytes_free(struct bytes *b)
{
    free(b->p);
    *b = (struct bytes){0};
}

static uint8_t *make_room(struct bytes *b, size_t n)
{
    if (b->capacity - b->len < n) {
        b->capacity = 2 * (b->len + n) + 64;
        b->p = realloc(b->p, b->capacity);
        must(b->p != NULL, "realloc");
    }
    b->len += n;
    return b->p + b->len - n;
}

void put_raw(struct bytes *b, const void *p, size_t n)
{
    if (n > 0)
        memcpy(make_room(b, n), p, n);
}

void put_bytes(struct bytes *b, const struct bytes *other)
{
    put_raw(b, other->p, other->len);
}

void put_fill(struct bytes *b, uint8_t value, size_t n)
{
    if (n > 0)
        memset(make_room(b, n), value, n);
}

void put_pattern(struct bytes *b, size_t n)
{
    uint32_t state = 1;

    for (uint8_t *p = make_room(b, n), *end = p + n; p < end; p++) {
        state = state * 1664525 + 1013904223;
        *p = (uint8_t)(state >> 24);
    }
}

void put_text(struct bytes *b, const char *s)
{
    put_raw(b, s, strlen(s));
}

void put_hex(struct bytes *b, const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    unsigned value = 0, n = 0;

    for (; *hex; hex++) {
        const char *digit = strchr(digits, *hex);

        if (*hex == ' ')
            continue;
        must(digit != NULL, "hex digit");
        value = value << 4 | (unsigned)(digit - digits);
        if (++n % 2 == 0)
            put_fill(b, (uint8_t)value, 1);
    }
    must(n % 2 == 0, "hex digits in pairs");
}

void put_u32(struct bytes *b, uint32_t v)
{
    put_le32(make_room(b, 4), v);
}

void put_u64(struct bytes *b, uint64_t v)
{
    put_le64(make_room(b, 8), v);
}

void put_ulong(struct bytes *b, unsigned width, uint64_t v)
{
    if (width == 8)
        put_u64(b, v);
    else
        put_u32(b, (uint32_t)v);
}

static void record_line(void *ctx, enum cls_log_level level, const char *text)
{
    struct recorder *r = ctx;

    r->text.len--; /* the NUL */
    put_text(&r->text, level == CLS_LOG_WARNING ? "W: " : "I: ");
    put_text(&r->text, text);
    put_raw(&r->text, "\n", 2);
}

void recorder_start(struct recorder *r)
{
    *r = (struct recorder){.log = {.line = record_line, .ctx = r}};
    put_fill(&r->text, 0, 1);
}

bool recorded(const struct recorder *r, const char *part)
{
    return strstr((const char *)r->text.p, part) != NULL;
}

void recorder_free(struct recorder *r)
{
    bytes_free(&r->text);
}

static void write_whole(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);

        must(w > 0, "write");
        p += w;
        n -= (size_t)w;
    }
}

int memfd_of(const uint8_t *p, size_t n)
{
    int fd = memfd_create("input", MFD_CLOEXEC);

    must(fd >= 0, "memfd_create");
    write_whole(fd, p, n);
    must(lseek(fd, 0, SEEK_SET) == 0, "lseek");
    return fd;
}

void read_to_end(int fd, struct bytes *b)
{
    uint8_t buf[4096];
    ssize_t n;

    while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
        put_raw(b, buf, n > 0 ? (size_t)n : 0);
    must(n == 0, "read");
}

bool read_file(const char *path, struct bytes *b)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    read_to_end(fd, b);
    close(fd);
    return true;
}

void write_file(const char *path, const void *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    must(fd >= 0, path);
    write_whole(fd, p, n);
    close(fd);
}

void scratch_make(struct scratch *s)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(s->dir, sizeof(s->dir), "%s/unit-tests.XXXXXX", tmp ? tmp : P_tmpdir);
    must(mkdtemp(s->dir) != NULL, "mkdtemp");
}

const char *scratch_path(struct scratch *s, const char *name)
{
    snprintf(s->path, sizeof(s->path), "%s/%s", s->dir, name);
    return s->path;
}

static void each_entry(const struct scratch *s, unsigned *count, bool remove)
{
    DIR *dir = opendir(s->dir);
    struct dirent *entry;

    must(dir != NULL, s->dir);
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        ++*count;
        if (remove)
            must(unlinkat(dirfd(dir), entry->d_name, 0) == 0, entry->d_name);
    }
    closedir(dir);
}

unsigned scratch_entries(const struct scratch *s)
{
    unsigned count = 0;

    each_entry(s, &count, false);
    return count;
}

void scratch_remove(const struct scratch *s)
{
    unsigned count = 0;

    each_entry(s, &count, true);
    must(rmdir(s->dir) == 0, s->dir);
}
