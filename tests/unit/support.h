/*
 * What every suite needs: assertions that say what was found, a builder of bytes, a log that
 * remembers, and files.
 */
#ifndef UNIT_SUPPORT_H
#define UNIT_SUPPORT_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "suites.h"

/* Ends the program if the set-up of a test fails. */
void must(bool ok, const char *what);

/* An assertion with a message. Returns ok. */
bool check_that(bool ok, const char *file, unsigned line, const char *fmt, ...) CLS_PRINTF(4, 5);
#define CHECK_THAT(ok, ...) check_that(ok, __FILE__, __LINE__, __VA_ARGS__)
#define CHECK(ok)           check_that(ok, __FILE__, __LINE__, "%s", #ok)

void check_int(long long found, long long wanted, const char *what, const char *file,
               unsigned line);
#define CHECK_INT(found, wanted)                                                                   \
    check_int((long long)(found), (long long)(wanted), #found, __FILE__, __LINE__)
void check_text(const char *found, const char *wanted, const char *file, unsigned line);
#define CHECK_TEXT(found, wanted) check_text(found, wanted, __FILE__, __LINE__)
void check_contains(const char *found, const char *part, const char *file, unsigned line);
#define CHECK_CONTAINS(found, part) check_contains(found, part, __FILE__, __LINE__)

/* A growing buffer. Initialise to zero. */
struct bytes {
    uint8_t *p;
    size_t len, capacity;
};

void bytes_free(struct bytes *b);
void put_raw(struct bytes *b, const void *p, size_t n);
void put_bytes(struct bytes *b, const struct bytes *other);
void put_fill(struct bytes *b, uint8_t value, size_t n);
void put_pattern(struct bytes *b, size_t n);    /* without short periods */
void put_text(struct bytes *b, const char *s);  /* without its NUL */
void put_hex(struct bytes *b, const char *hex); /* "58 45 4e46": digits, blanks ignored */
void put_u32(struct bytes *b, uint32_t v);
void put_u64(struct bytes *b, uint64_t v);
void put_ulong(struct bytes *b, unsigned width, uint64_t v);

void check_bytes(const uint8_t *found, size_t n, const struct bytes *wanted, const char *file,
                 unsigned line);
#define CHECK_BYTES(found, n, wanted) check_bytes(found, n, wanted, __FILE__, __LINE__)

/* A log that stores all lines, as "W: ..." or "I: ...". Begin with recorder_start(). */
struct recorder {
    struct cls_log log;
    struct bytes text; /* with a NUL at its end */
};

void recorder_start(struct recorder *r);
bool recorded(const struct recorder *r, const char *part);
void recorder_free(struct recorder *r);

/* Returns the fd of an unnamed file with this content, at offset 0. */
int memfd_of(const uint8_t *p, size_t n);

/* Reads everything from the fd's offset to its end. */
void read_to_end(int fd, struct bytes *b);

/* Returns false if there is no such file. */
bool read_file(const char *path, struct bytes *b);
void write_file(const char *path, const void *p, size_t n);

/* A new empty directory, and paths in it. */
struct scratch {
    char dir[256];
    char path[300];
};

void scratch_make(struct scratch *s);
const char *scratch_path(struct scratch *s, const char *name); /* valid until the next call */
unsigned scratch_entries(const struct scratch *s);
void scratch_remove(const struct scratch *s);

#endif
