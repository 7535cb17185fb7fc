/*
 * base/spool.h, and inputs that are copied into one.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/input.h"
#include "base/move.h"
#include "base/spool.h"
#include "no_tmpfile.h"
#include "support.h"

#define FAR ((uint64_t)1 << 40)

static void stored_data_is_read_back(void)
{
    struct cls_error err = {0};
    struct spool spool;
    struct stat st;
    char got[4];

    spool_open(&spool);
    CHECK(spool_put(&spool, FAR, "far", 4, &err) && spool_put(&spool, 10, "hey", 4, &err));
    CHECK(spool_get(&spool, FAR, got, 4, &err));
    CHECK_TEXT(got, "far");
    CHECK(spool_get(&spool, 10, got, 4, &err));
    CHECK_TEXT(got, "hey");
    CHECK(fstat(spool.fd, &st) == 0);
    CHECK_INT(st.st_nlink, 0);
    CHECK_INT(st.st_mode & 0777, 0600);
    CHECK(st.st_blocks * 512 < 1 << 20);
    CHECK(!spool_get(&spool, FAR + 1, got, 4, &err));
    CHECK_INT(err.status, CLS_SYSTEM);
    spool_close(&spool);
}

static void forgotten_data_takes_no_space(void)
{
    static uint8_t much[1 << 20];
    struct cls_error err = {0};
    struct spool spool;
    struct stat st;
    uint8_t got;

    memset(much, 7, sizeof(much));
    spool_open(&spool);
    for (uint64_t i = 0; i < 8; i++)
        CHECK(spool_put(&spool, i * sizeof(much), much, sizeof(much), &err));
    spool_discard(&spool, 7 * sizeof(much));
    CHECK(fstat(spool.fd, &st) == 0 && st.st_blocks * 512 < 2 << 20);
    CHECK(spool_get(&spool, 7 * sizeof(much), &got, 1, &err) && got == 7);
    spool_close(&spool);
}

/* No way of creating it leaves a file in the directory. */
static void it_is_unnamed_and_in_tmpdir(void)
{
    for (unsigned named = 0; named < 2; named++) {
        struct cls_error err = {0};
        struct scratch dir;
        struct spool spool;

        scratch_make(&dir);
        CHECK(setenv("TMPDIR", dir.dir, 1) == 0);
        no_tmpfile = named;
        spool_open(&spool);
        no_tmpfile = false;
        CHECK(spool_put(&spool, 0, "x", 1, &err));
        CHECK_INT(scratch_entries(&dir), 0);
        spool_close(&spool);
        CHECK(unsetenv("TMPDIR") == 0);
        scratch_remove(&dir);
    }
}

static void without_a_directory_the_first_use_fails(void)
{
    struct cls_error err = {0};
    struct spool spool;

    CHECK(setenv("TMPDIR", "/nowhere", 1) == 0);
    spool_open(&spool);
    CHECK(!spool_put(&spool, 0, "x", 1, &err));
    CHECK_INT(err.status, CLS_SYSTEM);
    CHECK_TEXT(err.reason,
               "cannot create a temporary file in /nowhere (TMPDIR): No such file or directory");
    spool_discard(&spool, 1);
    spool_close(&spool);
    CHECK(unsetenv("TMPDIR") == 0);
    spool = (struct spool){0};
    spool_close(&spool);
}

/* All consumed data is copied to its offset: peeked, read or skipped. */
static void an_input_is_copied(void)
{
    struct cls_error err = {0};
    struct bytes b = {0};
    struct cls_input in;
    struct spool spool;
    const uint8_t *seen;
    uint8_t buf[60000];
    size_t got;
    int fds[2];

    CHECK(pipe(fds) == 0);
    put_pattern(&b, sizeof(buf));
    CHECK(write(fds[1], b.p, b.len) == (ssize_t)b.len);
    close(fds[1]);
    cls_input_init(&in, fds[0], "input", 0, NULL);
    spool_open(&spool);
    CHECK(cls_input_read(&in, buf, 10, "bytes", &err));
    in.copy = &spool;
    CHECK(cls_input_peek(&in, 100, &seen, &got, &err) && got == 100);
    CHECK(cls_input_read(&in, buf, 50, "bytes", &err));
    CHECK(cls_input_skip(&in, b.len - 60, "bytes", &err));
    CHECK(spool_get(&spool, 10, buf, b.len - 10, &err));
    CHECK(memcmp(buf, b.p + 10, b.len - 10) == 0);
    cls_input_release(&in);
    spool_close(&spool);
    close(fds[0]);
    bytes_free(&b);
}

/*
 * A splice would only refer to the file's pages, and whoever reads the pipe find there what was
 * written later.
 */
static void changing_data_is_copied(void)
{
    static const struct cls_move_options how = {0};
    static uint8_t old[8192], new[8192], got[8192];
    struct cls_error err = {0};
    struct cls_output out;
    struct cls_input in;
    struct spool spool;
    int fds[2];

    memset(old, 1, sizeof(old));
    CHECK(pipe(fds) == 0);
    spool_open(&spool);
    CHECK(spool_put(&spool, 0, old, sizeof(old), &err));
    cls_input_init(&in, spool.fd, "spool", 0, NULL);
    in.changes = true;
    cls_output_init(&out, fds[1], "pipe", NULL);
    cls_move_prepare(&in, &out, &how, NULL);
    CHECK(cls_move(&in, &out, sizeof(old), "bytes", &err) && cls_output_flush(&out, &err));
    CHECK(spool_put(&spool, 0, new, sizeof(new), &err));
    CHECK(read(fds[0], got, sizeof(got)) == sizeof(got) && memcmp(got, old, sizeof(got)) == 0);
    cls_output_release(&out);
    cls_input_release(&in);
    spool_close(&spool);
    close(fds[0]);
    close(fds[1]);
}

CU_TestInfo spool_tests[] = {
    {"stored data is read back", stored_data_is_read_back},
    {"forgotten data takes no space", forgotten_data_takes_no_space},
    {"it is unnamed and in $TMPDIR", it_is_unnamed_and_in_tmpdir},
    {"without a directory the first use fails", without_a_directory_the_first_use_fails},
    {"an input is copied", an_input_is_copied},
    {"changing data is copied", changing_data_is_copied},
    CU_TEST_INFO_NULL,
};
