/*
 * convert: whole conversions, from any end to any end, and how they fail.
 */
#include "convert/convert.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ends.h"
#include "fixtures.h"
#include "no_tmpfile.h"
#include "streams.h"

#define LIBXL_START "4c6962786c466d74 00000002 00000002 01000000 00000000"

struct trial {
    struct convert_options options;
    struct scratch dir;
    char in[300], out[300]; /* paths or fds, for the options */
    struct cls_error err;
    struct convert_facts facts;
    struct recorder log;
    bool ok;
};

static void start(struct trial *t)
{
    memset(t, 0, sizeof(*t));
    scratch_make(&t->dir);
    recorder_start(&t->log);
    snprintf(t->in, sizeof(t->in), "%s", scratch_path(&t->dir, "in"));
    snprintf(t->out, sizeof(t->out), "%s", scratch_path(&t->dir, "out"));
    /* The sandbox would stay in force for the other tests. */
    t->options = (struct convert_options){
        .in = t->in, .out = t->out, .version = 3, .no_sync = true, .no_sandbox = true};
}

static void start_with(struct trial *t, const struct bytes *stream)
{
    start(t);
    write_file(t->in, stream->p, stream->len);
}

static void run(struct trial *t)
{
    struct convert_cleanup cleanup = {0};

    t->err = (struct cls_error){0};
    t->ok = convert_stream(&t->options, &t->log.log, NULL, &cleanup, &t->facts, &t->err);
    CHECK_INT(cleanup.has_file, 0);
    CHECK_INT(cleanup.start_due, 0);
    CHECK_INT(cleanup.committed, t->ok);
}

static void finish(struct trial *t)
{
    recorder_free(&t->log);
    scratch_remove(&t->dir);
}

static void check_output(const struct trial *t, const struct bytes *wanted)
{
    struct bytes got = {0};

    CHECK_THAT(t->ok, "%s: %s", t->err.place, t->err.reason);
    CHECK(read_file(t->out, &got));
    CHECK_BYTES(got.p, got.len, wanted);
    bytes_free(&got);
}

/* It failed, and the directory contains only the input. */
static void check_failed(const struct trial *t, enum cls_status status, const char *reason)
{
    struct stat st;

    CHECK(!t->ok);
    CHECK_INT(t->err.status, status);
    CHECK_INT(t->err.about_input, status == CLS_BAD_INPUT);
    CHECK_CONTAINS(t->err.reason, reason);
    CHECK(stat(t->out, &st) != 0);
    CHECK(scratch_entries(&t->dir) <= 1);
}

static void fixtures_by_name(void)
{
    struct fixtures f;

    fixtures_find(&f, "good-*");
    for (size_t i = 0; i < fixtures_count(&f); i++) {
        struct bytes expected = {0};
        char beside[1000];
        struct trial t;

        fixture_beside(fixtures_path(&f, i), ".v3.expected", beside, sizeof(beside));
        CHECK(read_file(beside, &expected));
        start(&t);
        t.options.in = fixtures_path(&f, i);
        run(&t);
        check_output(&t, &expected);
        CHECK_INT(scratch_entries(&t.dir), 1);
        finish(&t);
        bytes_free(&expected);
    }
    fixtures_free(&f);
}

static void facts_of_a_conversion(void)
{
    struct stat in, out;
    struct trial t;

    start(&t);
    t.options.in = FIXTURES_DIR "/good-xl-hvm64.legacy";
    run(&t);
    CHECK(t.ok && stat(t.options.in, &in) == 0 && stat(t.out, &out) == 0);
    CHECK_TEXT(t.facts.envelope, "xl");
    CHECK_INT(t.facts.width, 8);
    CHECK_INT(t.facts.guest, GUEST_HVM);
    CHECK_INT(t.facts.p2m_size, 0x480);
    CHECK_INT(t.facts.pages[0], 4);
    CHECK_INT(t.facts.bytes_in, in.st_size);
    CHECK_INT(t.facts.bytes_out, out.st_size);
    finish(&t);
}

/* Inherited fds with other bytes before and after the stream. */
static void check_ends(const char *path, enum end from, enum end to)
{
    struct bytes content = {0}, expected = {0}, rest = {0};
    char beside[1000], skipped[9];
    struct source source;
    struct sink sink;
    struct trial t;

    fixture_beside(path, ".v3.expected", beside, sizeof(beside));
    put_text(&content, "previous ");
    CHECK(read_file(path, &content) && read_file(beside, &expected));
    put_text(&content, "text of others");
    source_open(&source, from, &content, false);
    sink_open(&sink, to, false);
    for (size_t n = 0; n < sizeof(skipped);)
        n += (size_t)read(source.fd, skipped + n, sizeof(skipped) - n);
    start(&t);
    snprintf(t.in, sizeof(t.in), "%d", source.fd);
    snprintf(t.out, sizeof(t.out), "%d", sink.fd);
    run(&t);
    CHECK_THAT(t.ok, "%s: %s: %s", path, t.err.place, t.err.reason);
    source_rest(&source, &rest);
    CHECK(rest.len == 14 && memcmp(rest.p, "text of others", 14) == 0);
    sink_finish(&sink);
    CHECK_BYTES(sink.got.p, sink.got.len, &expected);
    source_close(&source);
    sink_free(&sink);
    finish(&t);
    bytes_free(&content);
    bytes_free(&expected);
    bytes_free(&rest);
}

static void fixtures_between_ends_of_every_kind(void)
{
    struct fixtures f;

    fixtures_find(&f, "good-*");
    for (size_t i = 0; i < fixtures_count(&f); i++)
        for (enum end from = 0; from < END_KINDS; from++)
            for (enum end to = 0; to < END_KINDS; to++)
                check_ends(fixtures_path(&f, i), from, to);
    fixtures_free(&f);
}

static void fixtures_that_cannot_be_converted(void)
{
    static const char *const patterns[] = {"bad-*", "unsupported-*"};

    for (size_t p = 0; p < 2; p++) {
        struct fixtures f;

        fixtures_find(&f, patterns[p]);
        for (size_t i = 0; i < fixtures_count(&f); i++) {
            struct trial t;

            start(&t);
            t.options.in = fixtures_path(&f, i);
            run(&t);
            check_failed(&t, CLS_BAD_INPUT, "");
            CHECK(t.err.place[0] != '\0');
            finish(&t);
        }
        fixtures_free(&f);
    }
}

static void a_failed_conversion_leaves_the_old_output(void)
{
    struct bytes b = {0}, old = {0};
    struct trial t;

    put_small_hvm(&b, 8);
    b.len -= 1;
    put_text(&old, "what was there before");
    start_with(&t, &b);
    write_file(t.out, old.p, old.len);
    run(&t);
    CHECK(!t.ok);
    t.ok = true;
    check_output(&t, &old);
    CHECK_INT(scratch_entries(&t.dir), 2);
    finish(&t);
    bytes_free(&b);
    bytes_free(&old);
}

static void version_2_differs_by_a_record_and_a_number(void)
{
    struct bytes b = {0}, v3 = {0}, wanted = {0};
    struct trial t;

    put_small_hvm(&b, 8);
    start_with(&t, &b);
    run(&t);
    if (CHECK(t.ok && read_file(t.out, &v3) && v3.len > 48)) {
        put_raw(&wanted, v3.p, 40);
        wanted.p[15] = 2;
        put_raw(&wanted, v3.p + 48, v3.len - 48); /* without STATIC_DATA_END */
    }
    t.options.version = 2;
    run(&t);
    check_output(&t, &wanted);
    finish(&t);
    bytes_free(&b);
    bytes_free(&v3);
    bytes_free(&wanted);
}

static void libxc_format_keeps_the_xl_header(void)
{
    struct bytes xl = {0}, bare = {0}, as_bare = {0}, wanted = {0};
    struct trial t;

    put_small_hvm(&bare, 8);
    start_with(&t, &bare);
    run(&t);
    CHECK(t.ok && read_file(t.out, &as_bare));
    put_raw(&xl, "Xen saved domain, xl format\n \0 \r", 32);
    put_hex(&xl, "04030201 01000000 00000000 06000000 02000000 7b7d");
    put_bytes(&wanted, &xl);
    put_bytes(&wanted, &as_bare);
    put_bytes(&xl, &bare);
    write_file(t.in, xl.p, xl.len);
    t.options.format = CONVERT_FORMAT_LIBXC;
    run(&t);
    check_output(&t, &wanted);
    CHECK(recorded(&t.log, "W: libxc format in a container of libxl"));
    finish(&t);
    bytes_free(&xl);
    bytes_free(&bare);
    bytes_free(&as_bare);
    bytes_free(&wanted);
}

static void libxl_format_without_envelope(void)
{
    struct bytes b = {0}, got = {0}, head = {0}, tail = {0};
    struct trial t;

    put_small_hvm(&b, 8);
    put_hex(&head, LIBXL_START);
    put_hex(&tail, "00000000 00000000 03000000 0c000000 00000000 00000000 5145564d00000000"
                   "00000000 00000000");
    start_with(&t, &b);
    t.options.format = CONVERT_FORMAT_LIBXL;
    run(&t);
    if (CHECK(t.ok && read_file(t.out, &got) && got.len > 100)) {
        CHECK_BYTES(got.p, 24, &head);
        CHECK_BYTES(got.p + got.len - tail.len, tail.len, &tail);
    }
    finish(&t);
    bytes_free(&b);
    bytes_free(&got);
    bytes_free(&head);
    bytes_free(&tail);
}

static void skip_qemu_stops_after_the_context(void)
{
    for (enum end from = 0; from < END_KINDS; from++) {
        struct bytes b = {0}, rest = {0}, got = {0};
        struct source source;
        struct trial t;

        put_ulong(&b, 4, 0x100);
        put_page(&b, 4, 0x12);
        put_hvm_tail(&b);
        put_text(&b, "QemuDeviceModelRecord\n");
        source_open(&source, from, &b, false);
        start(&t);
        snprintf(t.in, sizeof(t.in), "%d", source.fd);
        t.options.skip_qemu = true;
        run(&t);
        CHECK_THAT(t.ok, "%s", t.err.reason);
        source_rest(&source, &rest);
        CHECK_INT(rest.len, 22);
        if (CHECK(read_file(t.out, &got) && got.len > 24))
            CHECK(memcmp(got.p + got.len - 24, "\x09\0\0\0\x03\0\0\0\xcc\xcc\xcc\0\0\0\0\0", 16) ==
                  0);
        source_close(&source);
        finish(&t);
        bytes_free(&b);
        bytes_free(&rest);
        bytes_free(&got);
    }
}

static void a_wrong_width_is_overridden(void)
{
    struct bytes b = {0}, wanted = {0};
    struct trial t;

    put_small_hvm(&b, 4);
    start_with(&t, &b);
    run(&t);
    CHECK(t.ok && read_file(t.out, &wanted));
    t.options.width = 8;
    t.options.guest = GUEST_HVM;
    run(&t);
    check_output(&t, &wanted);
    CHECK(recorded(&t.log, "W: stream was written by a 32-bit toolstack"));
    finish(&t);
    bytes_free(&b);
    bytes_free(&wanted);
}

/* Runs with the options that are set, and expects CLS_BAD_INPUT. */
static void check_bad(struct bytes *b, const struct convert_options *set, const char *reason)
{
    struct trial t;

    start_with(&t, b);
    t.options.guest = set->guest;
    t.options.width = set->width;
    t.options.need_xl = set->need_xl;
    run(&t);
    check_failed(&t, CLS_BAD_INPUT, reason);
    finish(&t);
    bytes_free(b);
}

static void inputs_that_contradict_the_options(void)
{
    struct bytes b = {0};

    put_small_hvm(&b, 8);
    check_bad(&b, &(struct convert_options){.guest = GUEST_PV}, "stream is for a HVM guest");
    put_small_pv(&b, 4);
    check_bad(&b, &(struct convert_options){.guest = GUEST_HVM}, "stream is for a PV guest");
    put_small_hvm(&b, 8);
    check_bad(&b, &(struct convert_options){.need_xl = true}, "no xl header");
}

/* 64-bit, without extended info: bytes 4..7 are no empty body of a 32-bit HVM guest. */
static void a_pv_guest_of_xen_3_with_guest_type_hvm(void)
{
    struct bytes b = {0};
    struct trial t;

    put_ulong(&b, 8, 0x20000);
    for (uint64_t i = 0; i < 256; i++)
        put_ulong(&b, 8, 0x10000 + i);
    put_page(&b, 8, 0x12);
    put_fill(&b, 0, 0x20000);
    start_with(&t, &b);
    t.options.guest = GUEST_HVM;
    t.options.width = 4;
    t.options.skip_qemu = true; /* as xenopsd does; no qemu signature helps detection */
    run(&t);
    check_failed(&t, CLS_BAD_INPUT, "stream is for a PV guest");
    unlink(t.out);
    finish(&t);
    bytes_free(&b);
}

static void inputs_in_other_formats(void)
{
    const struct convert_options none = {0}, told = {.width = 8, .guest = GUEST_HVM};
    struct bytes b = {0};

    put_hex(&b, "1f8b0808 a1b2c355 0003");
    put_pattern(&b, 1000);
    check_bad(&b, &none, "gzip cannot decompress it");
    put_text(&b, "LibxlFmt");
    put_fill(&b, 0, 100);
    check_bad(&b, &told, "already a libxl v2 stream");
    put_raw(&b, "Xen saved domain, xl format\n \0 \r", 32);
    put_hex(&b, "04030201 02000000 00000000 00000000");
    put_small_hvm(&b, 8);
    check_bad(&b, &none, "already v2");
    put_pattern(&b, 5000);
    check_bad(&b, &none, "not a legacy stream of Xen");
    check_bad(&b, &none, "this is an empty file");
}

/* formats.md 8.2: not a real guest; it looks like other streams. */
static void an_empty_body_is_rejected(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        struct bytes b = {0};

        put_ulong(&b, width, 0x20000);
        put_hvm_tail(&b);
        put_qemu(&b);
        check_bad(&b, &(struct convert_options){0}, "");
    }
}

static void bytes_after_the_stream_in_a_named_file(void)
{
    struct bytes b = {0};

    put_small_hvm(&b, 8);
    put_raw(&b, "\0\0x", 3);
    check_bad(&b, &(struct convert_options){0}, "3 bytes follow the end of the stream");
}

/* One page, a tail; then another checkpoint. *end: where the first ends. */
static void put_two_checkpoints(struct bytes *b, bool says_last, size_t *end)
{
    put_ulong(b, 8, 0x100);
    put_page(b, 8, 0x12);
    if (says_last)
        put_id(b, -9);
    put_hvm_tail(b);
    put_qemu(b);
    *end = b->len;
    put_page(b, 8, 0x13);
    put_hvm_tail(b);
    put_qemu(b);
}

/* The fd's offset after the conversion shows which checkpoint was used. */
static void a_further_checkpoint(void)
{
    static const enum convert_checkpointed told[] = {
        CONVERT_CHECKPOINTED_DEFAULT, CONVERT_CHECKPOINTED_YES, CONVERT_CHECKPOINTED_NO};

    for (unsigned last = 0; last <= 1; last++)
        for (size_t i = 0; i < 3; i++) {
            bool first_only = last || told[i] == CONVERT_CHECKPOINTED_NO;
            struct bytes b = {0};
            struct trial t;
            size_t end;
            int fd;

            put_two_checkpoints(&b, last, &end);
            fd = memfd_of(b.p, b.len);
            start(&t);
            snprintf(t.in, sizeof(t.in), "%d", fd);
            t.options.checkpointed = told[i];
            run(&t);
            CHECK(t.ok);
            CHECK_INT(lseek(fd, 0, SEEK_CUR), first_only ? end : b.len);
            close(fd);
            finish(&t);
            bytes_free(&b);
        }
}

/* In a file that was opened by name, data that is left over is reported. */
static void a_further_checkpoint_left_out(void)
{
    struct bytes b = {0};
    struct trial t;
    size_t end;

    put_two_checkpoints(&b, false, &end);
    start_with(&t, &b);
    t.options.checkpointed = CONVERT_CHECKPOINTED_NO;
    run(&t);
    CHECK(t.ok && recorded(&t.log, "another checkpoint follows and is ignored"));
    finish(&t);
    bytes_free(&b);
    put_two_checkpoints(&b, true, &end);
    check_bad(&b, &(struct convert_options){0}, "bytes follow the end of the stream");
}

static void compact_needs_a_file(void)
{
    struct trial t;
    int fds[2];

    CHECK(pipe(fds) == 0);
    start(&t);
    snprintf(t.in, sizeof(t.in), "%d", fds[0]);
    t.options.compact = true;
    run(&t);
    check_failed(&t, CLS_USAGE, "--compact needs a regular file");
    close(fds[0]);
    close(fds[1]);
    finish(&t);
}

static void missing_ends(void)
{
    struct trial t;

    start(&t);
    run(&t);
    check_failed(&t, CLS_SYSTEM, "No such file or directory");
    t.options.in = "999";
    run(&t);
    check_failed(&t, CLS_SYSTEM, "cannot read fd 999: Bad file descriptor");
    t.options.in = t.dir.dir;
    run(&t);
    check_failed(&t, CLS_USAGE, "is a directory");
    finish(&t);
}

static void check_same_file(struct trial *t)
{
    run(t);
    CHECK(!t->ok);
    CHECK_INT(t->err.status, CLS_USAGE);
    CHECK_CONTAINS(t->err.reason, "are the same file");
}

static void the_same_file_at_both_ends(void)
{
    struct bytes b = {0};
    struct trial t;
    char fd_text[16];
    int fd;

    put_small_hvm(&b, 8);
    start_with(&t, &b);
    t.options.out = t.in;
    check_same_file(&t);
    CHECK(link(t.in, t.out) == 0);
    t.options.out = t.out;
    check_same_file(&t);
    CHECK(unlink(t.out) == 0 && symlink("in", t.out) == 0);
    check_same_file(&t);
    fd = open(t.in, O_RDWR | O_CLOEXEC);
    snprintf(fd_text, sizeof(fd_text), "%d", fd);
    t.options.out = fd_text;
    check_same_file(&t);
    t.options.in = fd_text;
    t.options.out = t.in;
    check_same_file(&t);
    close(fd);
    snprintf(t.out, sizeof(t.out), "%s", t.in);
    t.ok = true;
    check_output(&t, &b);
    CHECK(unlink(scratch_path(&t.dir, "out")) == 0);
    finish(&t);
    bytes_free(&b);
}

static void a_full_device(void)
{
    struct bytes b = {0};
    struct trial t;

    put_small_hvm(&b, 8);
    start_with(&t, &b);
    t.options.out = "/dev/full";
    run(&t);
    check_failed(&t, CLS_SYSTEM, "cannot write /dev/full: No space left on device");
    finish(&t);
    bytes_free(&b);
}

/* Runs in a child, since the sandbox cannot be left. Returns its exit status. */
static int run_in_sandbox(struct trial *t, bool without_tmpfile)
{
    struct convert_cleanup cleanup = {0};
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        no_tmpfile = without_tmpfile;
        t->options.no_sandbox = false;
        t->options.no_sync = false;
        _exit(convert_stream(&t->options, NULL, NULL, &cleanup, &t->facts, &t->err)
                  ? 0
                  : (int)t->err.status);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void check_sandboxed(bool without_tmpfile, bool exists)
{
    struct bytes b = {0}, wanted = {0};
    struct trial t;

    put_small_hvm(&b, 8);
    start_with(&t, &b);
    run(&t);
    CHECK(t.ok && read_file(t.out, &wanted));
    if (exists)
        write_file(t.out, "old", 3);
    else
        CHECK(unlink(t.out) == 0);
    CHECK_INT(run_in_sandbox(&t, without_tmpfile), 0);
    check_output(&t, &wanted);
    CHECK_INT(scratch_entries(&t.dir), 2);

    CHECK(unlink(t.out) == 0);
    write_file(t.in, b.p, b.len - 1);
    CHECK_INT(run_in_sandbox(&t, without_tmpfile), CLS_BAD_INPUT);
    CHECK_INT(scratch_entries(&t.dir), 1);
    finish(&t);
    bytes_free(&b);
    bytes_free(&wanted);
}

static void conversions_in_the_sandbox(void)
{
    check_sandboxed(false, false);
    check_sandboxed(true, false);
    check_sandboxed(false, true);
    check_sandboxed(true, true);
}

/* Returns the output to a pipe before the conversion failed. */
static void check_start(const char *in, enum convert_format format, bool need_xl,
                        const char *wanted_hex)
{
    struct bytes wanted = {0};
    struct sink sink;
    struct trial t;

    sink_open(&sink, END_PIPE, false);
    start(&t);
    snprintf(t.out, sizeof(t.out), "%d", sink.fd);
    t.options.in = in;
    t.options.format = format;
    t.options.need_xl = need_xl;
    run(&t);
    CHECK(!t.ok);
    sink_finish(&sink);
    put_hex(&wanted, wanted_hex);
    CHECK_BYTES(sink.got.p, sink.got.len, &wanted);
    sink_free(&sink);
    finish(&t);
    bytes_free(&wanted);
}

/* libxl crashes if its helper exits before it has written these bytes (formats.md 6.7). */
static void for_libxl_the_start_is_always_written(void)
{
    struct scratch dir;
    char none[300];

    scratch_make(&dir);
    snprintf(none, sizeof(none), "%s", scratch_path(&dir, "none"));
    write_file(scratch_path(&dir, "in"), "no stream at all, but longer than what is looked at", 50);
    check_start(none, CONVERT_FORMAT_LIBXL, false, LIBXL_START);
    check_start("998", CONVERT_FORMAT_LIBXL, false, LIBXL_START);
    check_start(dir.path, CONVERT_FORMAT_LIBXL, false, LIBXL_START);
    check_start(dir.path, CONVERT_FORMAT_LIBXL, true, "");
    check_start(dir.path, CONVERT_FORMAT_LIBXC, false, "");
    check_start(dir.path, CONVERT_FORMAT_DEFAULT, false, "");
    scratch_remove(&dir);
}

/* From a pipe, only --xl tells that an xl header comes first. */
static void for_libxl_an_xl_header_comes_first(void)
{
    struct bytes b = {0};
    struct sink sink;
    struct trial t;

    put_raw(&b, "Xen saved domain, xl format\n \0 \r", 32);
    put_hex(&b, "04030201 00000000 00000000 00000000");
    put_text(&b, "nothing that could be a stream");
    sink_open(&sink, END_PIPE, false);
    start_with(&t, &b);
    snprintf(t.out, sizeof(t.out), "%d", sink.fd);
    t.options.format = CONVERT_FORMAT_LIBXL;
    run(&t);
    CHECK(!t.ok);
    sink_finish(&sink);
    b.len = 48;
    b.p[36] = 2;
    put_hex(&b, LIBXL_START);
    CHECK_BYTES(sink.got.p, sink.got.len, &b);
    sink_free(&sink);
    finish(&t);
    bytes_free(&b);
}

static void abandoning_pays_what_is_owed(void)
{
    struct convert_cleanup cleanup = {.start_due = 1};
    struct bytes wanted = {0};
    struct sink sink;

    sink_open(&sink, END_PIPE, false);
    cleanup.start_fd = sink.fd;
    CHECK(convert_abandon(&cleanup));
    CHECK(convert_abandon(&cleanup)); /* the second call does nothing */
    sink_finish(&sink);
    put_hex(&wanted, LIBXL_START);
    CHECK_BYTES(sink.got.p, sink.got.len, &wanted);
    sink_free(&sink);
    bytes_free(&wanted);
}

static void names_for_messages(void)
{
    char name[32];

    convert_display_name("-", true, name, sizeof(name));
    CHECK_TEXT(name, "standard input");
    convert_display_name("-", false, name, sizeof(name));
    CHECK_TEXT(name, "standard output");
    convert_display_name("12", true, name, sizeof(name));
    CHECK_TEXT(name, "fd 12");
    convert_display_name("./5", true, name, sizeof(name));
    CHECK_TEXT(name, "./5");
    convert_display_name("5a", true, name, sizeof(name));
    CHECK_TEXT(name, "5a");
}

static void extents_of_inputs(void)
{
    uint64_t begin, size;
    struct scratch dir;
    char fd_text[16];
    int fd = memfd_of((const uint8_t *)"0123456789", 10);

    CHECK(lseek(fd, 4, SEEK_SET) == 4);
    snprintf(fd_text, sizeof(fd_text), "%d", fd);
    convert_input_extent(fd_text, &begin, &size);
    CHECK(begin == 4 && size == 10);
    close(fd);
    convert_input_extent(fd_text, &begin, &size);
    CHECK(begin == 0 && size == 0);
    scratch_make(&dir);
    write_file(scratch_path(&dir, "in"), "123", 3);
    convert_input_extent(dir.path, &begin, &size);
    CHECK(begin == 0 && size == 3);
    convert_input_extent(dir.dir, &begin, &size);
    CHECK(begin == 0 && size == 0);
    scratch_remove(&dir);
}

CU_TestInfo convert_tests[] = {
    {"fixtures by name", fixtures_by_name},
    {"facts of a conversion", facts_of_a_conversion},
    {"fixtures between ends of every kind", fixtures_between_ends_of_every_kind},
    {"fixtures that cannot be converted", fixtures_that_cannot_be_converted},
    {"a failed conversion leaves the old output", a_failed_conversion_leaves_the_old_output},
    {"version 2 differs by a record and a number", version_2_differs_by_a_record_and_a_number},
    {"libxc format keeps the xl header", libxc_format_keeps_the_xl_header},
    {"libxl format without envelope", libxl_format_without_envelope},
    {"skip_qemu stops after the context", skip_qemu_stops_after_the_context},
    {"a wrong width is overridden", a_wrong_width_is_overridden},
    {"inputs that contradict the options", inputs_that_contradict_the_options},
    {"a PV guest of Xen 3 with guest type HVM", a_pv_guest_of_xen_3_with_guest_type_hvm},
    {"inputs in other formats", inputs_in_other_formats},
    {"an empty body is rejected", an_empty_body_is_rejected},
    {"bytes after the stream in a named file", bytes_after_the_stream_in_a_named_file},
    {"a further checkpoint", a_further_checkpoint},
    {"a further checkpoint left out", a_further_checkpoint_left_out},
    {"--compact needs a file", compact_needs_a_file},
    {"missing ends", missing_ends},
    {"the same file at both ends", the_same_file_at_both_ends},
    {"a full device", a_full_device},
    {"conversions in the sandbox", conversions_in_the_sandbox},
    {"for libxl the start is always written", for_libxl_the_start_is_always_written},
    {"for libxl an xl header comes first", for_libxl_an_xl_header_comes_first},
    {"abandoning pays what is owed", abandoning_pays_what_is_owed},
    {"names for messages", names_for_messages},
    {"extents of inputs", extents_of_inputs},
    CU_TEST_INFO_NULL,
};
