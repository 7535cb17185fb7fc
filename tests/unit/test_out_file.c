/*
 * convert: the output file appears whole or not at all. Every test runs on file systems with and
 * without unnamed files.
 */
#include "convert/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "no_tmpfile.h"
#include "support.h"

struct trial {
    struct scratch dir;
    char path[300];
    struct convert_cleanup cleanup;
    struct out_file file;
    struct cls_error err;
    bool ok;
};

static void start(struct trial *t, bool without_tmpfile)
{
    memset(t, 0, sizeof(*t));
    t->file.fd = t->file.dir_fd = -1;
    no_tmpfile = without_tmpfile;
    scratch_make(&t->dir);
    snprintf(t->path, sizeof(t->path), "%s", scratch_path(&t->dir, "out"));
}

static bool open_out(struct trial *t, const char *path, bool no_clobber)
{
    t->ok = out_file_resolve(&t->file, path, "OUT", no_clobber, &t->cleanup, &t->err) &&
            out_file_open(&t->file, &t->err);
    return t->ok;
}

static void write_text(struct trial *t, const char *text)
{
    CHECK_INT(write(t->file.fd, text, strlen(text)), strlen(text));
}

static void finish(struct trial *t)
{
    scratch_remove(&t->dir);
    no_tmpfile = false;
}

/* Compares the file with text; NULL: it must not exist. */
static void check_content(const char *path, const char *text)
{
    struct bytes b = {0};
    bool there = read_file(path, &b);

    CHECK_INT(there, text != NULL);
    if (there && text)
        CHECK_THAT(b.len == strlen(text) && memcmp(b.p, text, b.len) == 0, "%s holds %.*s, not %s",
                   path, (int)b.len, (const char *)b.p, text);
    bytes_free(&b);
}

static mode_t mode_of(const char *path)
{
    struct stat st = {0};

    CHECK(stat(path, &st) == 0);
    return st.st_mode & 07777;
}

static void check_new_file(bool without_tmpfile)
{
    struct trial t;

    start(&t, without_tmpfile);
    CHECK(open_out(&t, t.path, false));
    CHECK(!out_file_is_straight(&t.file));
    write_text(&t, "new");
    check_content(t.path, NULL);
    CHECK_INT(scratch_entries(&t.dir), without_tmpfile ? 1 : 0);
    CHECK_INT(t.cleanup.has_file, without_tmpfile);
    CHECK(out_file_commit(&t.file, NULL, true, &t.err));
    check_content(t.path, "new");
    CHECK_INT(t.cleanup.committed, 1);
    out_file_close(&t.file);
    check_content(t.path, "new");
    CHECK_INT(mode_of(t.path), 0600);
    CHECK_INT(scratch_entries(&t.dir), 1);
    finish(&t);
}

static void a_new_file(void)
{
    check_new_file(false);
    check_new_file(true);
}

static void check_abandoned(bool without_tmpfile, bool exists)
{
    struct trial t;

    start(&t, without_tmpfile);
    if (exists)
        write_file(t.path, "old", 3);
    CHECK(open_out(&t, t.path, false));
    write_text(&t, "half of the n");
    out_file_close(&t.file);
    check_content(t.path, exists ? "old" : NULL);
    CHECK_INT(scratch_entries(&t.dir), exists ? 1 : 0);
    CHECK_INT(t.cleanup.has_file, 0);
    CHECK_INT(t.cleanup.committed, 0);
    finish(&t);
}

static void without_commit_no_file_is_left(void)
{
    check_abandoned(false, false);
    check_abandoned(true, false);
    check_abandoned(false, true);
    check_abandoned(true, true);
}

static void check_replaced(bool without_tmpfile, bool sync)
{
    struct stat before = {0}, after = {0};
    struct trial t;

    start(&t, without_tmpfile);
    write_file(t.path, "the old content", 15);
    CHECK(chmod(t.path, 0640) == 0 && stat(t.path, &before) == 0);
    CHECK(open_out(&t, t.path, false));
    write_text(&t, "new");
    check_content(t.path, "the old content");
    CHECK(out_file_commit(&t.file, NULL, sync, &t.err));
    out_file_close(&t.file);
    check_content(t.path, "new");
    CHECK_INT(mode_of(t.path), 0640);
    CHECK(stat(t.path, &after) == 0 && before.st_ino != after.st_ino);
    CHECK_INT(scratch_entries(&t.dir), 1);
    finish(&t);
}

static void an_existing_file_is_replaced_and_its_mode_kept(void)
{
    check_replaced(false, true);
    check_replaced(true, false);
}

static void check_link(bool without_tmpfile)
{
    char target[300];
    struct stat st;
    struct trial t;

    start(&t, without_tmpfile);
    snprintf(target, sizeof(target), "%s", scratch_path(&t.dir, "target"));
    write_file(target, "old", 3);
    CHECK(symlink("target", t.path) == 0);
    CHECK(open_out(&t, t.path, false));
    write_text(&t, "new");
    CHECK(out_file_commit(&t.file, NULL, false, &t.err));
    out_file_close(&t.file);
    check_content(target, "new");
    CHECK(lstat(t.path, &st) == 0 && S_ISLNK(st.st_mode));
    CHECK_INT(scratch_entries(&t.dir), 2);
    finish(&t);
}

static void a_link_to_a_file_is_followed(void)
{
    check_link(false);
    check_link(true);
}

static void check_rejected(const char *path, enum cls_status status, const char *reason)
{
    struct trial t = {.file = {.fd = -1, .dir_fd = -1}};

    CHECK(!open_out(&t, path, false));
    CHECK_INT(t.err.status, status);
    CHECK(!t.err.about_input);
    CHECK_CONTAINS(t.err.reason, reason);
    out_file_close(&t.file);
}

static void paths_that_cannot_be_written(void)
{
    struct trial t;

    start(&t, false);
    check_rejected(t.dir.dir, CLS_USAGE, "OUT is a directory");
    check_rejected(scratch_path(&t.dir, "none/out"), CLS_SYSTEM, "No such file or directory");
    check_rejected(scratch_path(&t.dir, "none/"), CLS_SYSTEM, "No such file or directory");
    check_rejected("", CLS_SYSTEM, "OUT");
    CHECK(symlink("nothing", t.path) == 0);
    check_rejected(t.path, CLS_SYSTEM, "OUT is a dangling symbolic link");
    CHECK_INT(scratch_entries(&t.dir), 1);
    finish(&t);
}

static void check_no_clobber(bool without_tmpfile)
{
    struct trial t;

    start(&t, without_tmpfile);
    CHECK(open_out(&t, t.path, true));
    write_text(&t, "new");
    CHECK(out_file_commit(&t.file, NULL, false, &t.err));
    out_file_close(&t.file);
    CHECK(!open_out(&t, t.path, true));
    CHECK_INT(t.err.status, CLS_USAGE);
    CHECK_CONTAINS(t.err.reason, "OUT already exists (--no-clobber)");
    out_file_close(&t.file);
    check_content(t.path, "new");
    CHECK_INT(scratch_entries(&t.dir), 1);
    finish(&t);
}

static void no_clobber_rejects_an_existing_file(void)
{
    check_no_clobber(false);
    check_no_clobber(true);
}

/* A file that is created after ours was opened is never replaced. */
static void check_race(bool without_tmpfile, bool no_clobber)
{
    struct trial t;

    start(&t, without_tmpfile);
    CHECK(open_out(&t, t.path, no_clobber));
    write_text(&t, "ours");
    write_file(t.path, "theirs", 6);
    CHECK(!out_file_commit(&t.file, NULL, false, &t.err));
    CHECK_CONTAINS(t.err.reason, "cannot name OUT: File exists");
    out_file_close(&t.file);
    check_content(t.path, "theirs");
    CHECK_INT(scratch_entries(&t.dir), 1);
    finish(&t);
}

static void a_file_that_appears_meanwhile(void)
{
    check_race(false, false);
    check_race(true, false);
    check_race(false, true);
    check_race(true, true);
}

static void check_abandon(bool without_tmpfile)
{
    struct trial t;

    start(&t, without_tmpfile);
    CHECK(open_out(&t, t.path, false));
    write_text(&t, "half");
    CHECK(convert_abandon(&t.cleanup));
    CHECK_INT(scratch_entries(&t.dir), 0);
    out_file_close(&t.file);

    t.cleanup = (struct convert_cleanup){0};
    CHECK(open_out(&t, t.path, false));
    CHECK(out_file_commit(&t.file, NULL, false, &t.err));
    CHECK(!convert_abandon(&t.cleanup));
    CHECK_INT(scratch_entries(&t.dir), 1);
    out_file_close(&t.file);
    finish(&t);
}

/* As a signal handler does it. */
static void abandoning_leaves_no_file(void)
{
    check_abandon(false);
    check_abandon(true);
}

static void a_path_without_directory(void)
{
    int old = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct trial t;

    start(&t, false);
    CHECK(chdir(t.dir.dir) == 0);
    CHECK(open_out(&t, "out", false));
    write_text(&t, "new");
    CHECK(out_file_commit(&t.file, NULL, false, &t.err));
    out_file_close(&t.file);
    CHECK(fchdir(old) == 0);
    close(old);
    check_content(t.path, "new");
    finish(&t);
}

static void pipes_and_devices_are_written_directly(void)
{
    struct trial t;
    char buf[8];
    int reader;

    start(&t, false);
    CHECK(mkfifo(t.path, 0600) == 0);
    reader = open(t.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    CHECK(open_out(&t, t.path, true)); /* a pipe is not replaced, so nothing is clobbered */
    CHECK(out_file_is_straight(&t.file));
    write_text(&t, "half");
    CHECK_INT(read(reader, buf, sizeof(buf)), 4);
    CHECK(out_file_commit(&t.file, NULL, true, &t.err));
    out_file_close(&t.file);
    close(reader);
    CHECK(open_out(&t, "/dev/null", false));
    CHECK(out_file_is_straight(&t.file));
    out_file_close(&t.file);
    finish(&t);
}

static void inherited_fds_stay_open(void)
{
    struct trial t = {.file = {.fd = -1, .dir_fd = -1}};
    int fd = memfd_of(NULL, 0), readable = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    char arg[16];

    snprintf(arg, sizeof(arg), "%d", fd);
    CHECK(open_out(&t, arg, false));
    CHECK_INT(t.file.fd, fd);
    CHECK(out_file_is_straight(&t.file));
    CHECK(out_file_commit(&t.file, NULL, true, &t.err));
    out_file_close(&t.file);
    CHECK(fcntl(fd, F_GETFD) >= 0);
    close(fd);
    check_rejected(arg, CLS_SYSTEM, "cannot write OUT: Bad file descriptor");
    check_rejected("99999999999999999999", CLS_SYSTEM, "cannot write OUT: Bad file descriptor");
    snprintf(arg, sizeof(arg), "%d", readable);
    check_rejected(arg, CLS_SYSTEM, "cannot write OUT: Bad file descriptor");
    close(readable);
}

/* Also if the new file has the inode of the old one. */
static void a_pipe_that_is_replaced_meanwhile(void)
{
    struct trial t;

    start(&t, false);
    CHECK(mkfifo(t.path, 0600) == 0);
    CHECK(out_file_resolve(&t.file, t.path, "OUT", false, &t.cleanup, &t.err));
    CHECK(unlink(t.path) == 0);
    write_file(t.path, "theirs", 6);
    CHECK(!out_file_open(&t.file, &t.err));
    CHECK_INT(t.err.status, CLS_SYSTEM);
    CHECK_TEXT(t.err.reason, "OUT was replaced or modified during the conversion");
    out_file_close(&t.file);
    check_content(t.path, "theirs");
    finish(&t);
}

static void the_same_file_is_recognised(void)
{
    struct stat st, other;
    struct trial t;

    start(&t, false);
    write_file(t.path, "old", 3);
    CHECK(stat(t.path, &st) == 0);
    CHECK(link(t.path, scratch_path(&t.dir, "hard")) == 0);
    write_file(scratch_path(&t.dir, "other"), "x", 1);
    CHECK(stat(t.dir.path, &other) == 0);
    CHECK(open_out(&t, scratch_path(&t.dir, "hard"), false));
    CHECK(out_file_is(&t.file, &st));
    CHECK(!out_file_is(&t.file, &other));
    out_file_close(&t.file);
    CHECK(open_out(&t, scratch_path(&t.dir, "not there"), false));
    CHECK(!out_file_is(&t.file, &st));
    out_file_close(&t.file);
    CHECK(open_out(&t, "/dev/null", false));
    CHECK(!out_file_is(&t.file, &t.file.st)); /* the same device may be input and output */
    out_file_close(&t.file);
    finish(&t);
}

CU_TestInfo out_file_tests[] = {
    {"a new file", a_new_file},
    {"without commit no file is left", without_commit_no_file_is_left},
    {"an existing file is replaced and its mode kept",
     an_existing_file_is_replaced_and_its_mode_kept},
    {"a link to a file is followed", a_link_to_a_file_is_followed},
    {"paths that cannot be written", paths_that_cannot_be_written},
    {"no clobber rejects an existing file", no_clobber_rejects_an_existing_file},
    {"a file that appears meanwhile", a_file_that_appears_meanwhile},
    {"abandoning leaves no file", abandoning_leaves_no_file},
    {"a path without directory", a_path_without_directory},
    {"pipes and devices are written directly", pipes_and_devices_are_written_directly},
    {"a pipe that is replaced meanwhile", a_pipe_that_is_replaced_meanwhile},
    {"inherited fds stay open", inherited_fds_stay_open},
    {"the same file is recognised", the_same_file_is_recognised},
    CU_TEST_INFO_NULL,
};
