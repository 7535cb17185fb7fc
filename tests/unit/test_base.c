/*
 * base: exact reads, peeks and skips, buffered writes, errors and the log.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/held.h"
#include "base/input.h"
#include "base/output.h"
#include "base/utf8.h"
#include "ends.h"

struct fixture {
    struct bytes content;
    struct source source;
    struct cls_input in;
    struct cls_error err;
};

static void open_content(struct fixture *f, enum end end)
{
    source_open(&f->source, end, &f->content, false);
    cls_input_init(&f->in, f->source.fd, "test.save", 0, NULL);
}

static void open_pattern(struct fixture *f, enum end end, size_t n)
{
    *f = (struct fixture){0};
    put_pattern(&f->content, n);
    open_content(f, end);
}

static void finish(struct fixture *f)
{
    source_close(&f->source);
    cls_input_release(&f->in);
    bytes_free(&f->content);
}

/* The input still has exactly the bytes from offset on. */
static void check_rest(struct fixture *f, size_t offset)
{
    struct bytes wanted = {f->content.p + offset, f->content.len - offset, 0}, rest = {0};

    CHECK_INT(f->in.offset, offset);
    source_rest(&f->source, &rest);
    CHECK_BYTES(rest.p, rest.len, &wanted);
    bytes_free(&rest);
}

static void byte_orders(void)
{
    uint8_t b[8];

    put_le64(b, UINT64_C(0x0102030405060708));
    CHECK(memcmp(b, "\x08\x07\x06\x05\x04\x03\x02\x01", 8) == 0);
    CHECK(get_le64(b) == UINT64_C(0x0102030405060708));
    CHECK(get_le32(b) == 0x05060708);
    CHECK(get_be32(b) == 0x08070605);
    put_be64(b, UINT64_C(0xf102030405060708));
    CHECK(memcmp(b, "\xf1\x02\x03\x04\x05\x06\x07\x08", 8) == 0);
    CHECK(get_le32(b) == 0x040302f1);
    put_be16(b, 0x1234);
    CHECK(b[0] == 0x12 && b[1] == 0x34);
}

static void reads_are_exact(void)
{
    for (enum end end = 0; end < END_KINDS; end++) {
        struct fixture f;
        uint8_t buf[5000];
        uint32_t v32;
        uint64_t v64;

        open_pattern(&f, end, 6000);
        CHECK(cls_input_u32(&f.in, &v32, "a", &f.err) && v32 == get_le32(f.content.p));
        CHECK(cls_input_u64(&f.in, &v64, "b", &f.err) && v64 == get_le64(f.content.p + 4));
        CHECK(cls_input_read(&f.in, buf, sizeof(buf), "c", &f.err));
        CHECK(memcmp(buf, f.content.p + 12, sizeof(buf)) == 0);
        CHECK(cls_input_read(&f.in, buf, 0, "nothing", &f.err));
        check_rest(&f, 5012);
        finish(&f);
    }
}

static void read_some_ends_with_the_input(void)
{
    struct fixture f;
    uint8_t buf[100];
    size_t got;

    open_pattern(&f, END_PIPE, 70);
    CHECK(cls_input_read_some(&f.in, buf, 60, &got, &f.err));
    CHECK_INT(got, 60);
    CHECK(cls_input_read_some(&f.in, buf, 100, &got, &f.err));
    CHECK_INT(got, 10);
    CHECK(cls_input_read_some(&f.in, buf, 100, &got, &f.err));
    CHECK_INT(got, 0);
    CHECK_INT(f.in.offset, 70);
    finish(&f);
}

static void truncation_names_offset_and_place(void)
{
    struct fixture f;
    uint8_t buf[10];

    open_pattern(&f, END_FILE, 10);
    cls_input_at(&f.in, "vcpu", 3, "xsave");
    CHECK(cls_input_read(&f.in, buf, 6, "the mask", &f.err));
    CHECK(!cls_input_read(&f.in, buf, 10, "xsave data", &f.err));
    CHECK_INT(f.err.status, CLS_BAD_INPUT);
    CHECK(f.err.about_input);
    CHECK_INT(f.err.offset, 6);
    CHECK_TEXT(f.err.place, "vcpu 3 xsave");
    CHECK_TEXT(f.err.reason, "expected 10 bytes of xsave data, input ended after 4");
    finish(&f);
}

static void offsets_count_from_where_the_fd_stood(void)
{
    struct fixture f;
    uint8_t buf[4];

    open_pattern(&f, END_FILE, 6);
    cls_input_init(&f.in, f.source.fd, "test.save", 1000, NULL);
    CHECK(cls_input_read(&f.in, buf, 4, "a", &f.err));
    CHECK_INT(f.in.offset, 1004);
    CHECK(!cls_input_read(&f.in, buf, 4, "b", &f.err));
    CHECK_INT(f.err.offset, 1004);
    finish(&f);
}

static void places_have_four_forms(void)
{
    struct cls_input in;
    struct cls_error err;

    cls_input_init(&in, -1, "x", 0, NULL);
    CHECK(!cls_input_fail(&in, &err, 1, "%s", "r"));
    CHECK_TEXT(err.place, "");
    cls_input_at(&in, "body", -1, NULL);
    CHECK(!cls_input_fail(&in, &err, 1, "%s", "r"));
    CHECK_TEXT(err.place, "body");
    cls_input_at(&in, "page batch", 0, NULL);
    CHECK(!cls_input_fail(&in, &err, 1, "%s", "r"));
    CHECK_TEXT(err.place, "page batch 0");
    cls_input_at(&in, "vcpu", -1, "xsave");
    CHECK(!cls_input_fail(&in, &err, 1, "%s", "r"));
    CHECK_TEXT(err.place, "vcpu xsave");
    CHECK_TEXT(err.reason, "r");
}

static void peeks_consume_nothing(void)
{
    for (enum end end = 0; end < END_KINDS; end++) {
        struct fixture f;
        const uint8_t *b;
        uint8_t buf[300];
        size_t got;

        open_pattern(&f, end, 1000);
        CHECK(cls_input_peek(&f.in, 100, &b, &got, &f.err) && got == 100);
        CHECK(memcmp(b, f.content.p, 100) == 0);
        CHECK_INT(f.in.offset, 0);
        CHECK(cls_input_read(&f.in, buf, 30, "part of it", &f.err));
        CHECK(memcmp(buf, f.content.p, 30) == 0);
        CHECK(cls_input_peek(&f.in, 10, &b, &got, &f.err) && got == 10);
        CHECK(memcmp(b, f.content.p + 30, 10) == 0);
        /* A part of this is in the buffer, the rest in the fd. */
        CHECK(cls_input_peek(&f.in, 200, &b, &got, &f.err) && got == 200);
        CHECK(memcmp(b, f.content.p + 30, 200) == 0);
        CHECK(cls_input_read(&f.in, buf, 300, "across", &f.err));
        CHECK(memcmp(buf, f.content.p + 30, 300) == 0);
        check_rest(&f, 330);
        finish(&f);
    }
}

static void peeks_end_with_the_input_and_the_buffer(void)
{
    struct fixture f;
    const uint8_t *b;
    size_t got;

    open_pattern(&f, END_PIPE, 7);
    CHECK(cls_input_peek(&f.in, 100, &b, &got, &f.err) && got == 7);
    CHECK(memcmp(b, f.content.p, 7) == 0);
    CHECK(cls_input_skip(&f.in, 7, "all", &f.err));
    CHECK(cls_input_peek(&f.in, 1, &b, &got, &f.err) && got == 0);
    finish(&f);

    open_pattern(&f, END_PIPE, CLS_PEEK_MAX + 10);
    CHECK(cls_input_peek(&f.in, CLS_PEEK_MAX + 10, &b, &got, &f.err));
    CHECK_INT(got, CLS_PEEK_MAX);
    CHECK(memcmp(b, f.content.p, CLS_PEEK_MAX) == 0);
    finish(&f);
}

static void skips_are_exact(void)
{
    for (enum end end = 0; end < END_KINDS; end++) {
        struct fixture f;
        const uint8_t *b;
        size_t got;

        open_pattern(&f, end, 2 * CLS_BULK_SIZE + 1000);
        CHECK(cls_input_skip(&f.in, 0, "nothing", &f.err));
        CHECK(cls_input_peek(&f.in, 64, &b, &got, &f.err));
        CHECK(cls_input_skip(&f.in, 10, "within the peeked", &f.err));
        CHECK_INT(f.in.offset, 10);
        CHECK(cls_input_skip(&f.in, 2 * CLS_BULK_SIZE + 100, "across", &f.err));
        check_rest(&f, 2 * CLS_BULK_SIZE + 110);
        finish(&f);
    }
}

static void a_truncated_skip_reports_where_it_ended(void)
{
    struct fixture f;

    open_pattern(&f, END_PIPE, 300000);
    CHECK(cls_input_skip(&f.in, 1000, "a", &f.err));
    CHECK(!cls_input_skip(&f.in, UINT32_MAX, "the blob", &f.err));
    CHECK_INT(f.err.offset, 1000);
    CHECK_TEXT(f.err.reason, "expected 4294967295 bytes of the blob, input ended after 299000");
    finish(&f);
}

static void read_errors_are_the_systems(void)
{
    struct cls_input in;
    struct cls_error err = {0};
    uint8_t b[4];
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    cls_input_init(&in, fd, "some dir", 0x20, NULL);
    CHECK(!cls_input_read(&in, b, 4, "bytes", &err));
    CHECK_INT(err.status, CLS_SYSTEM);
    CHECK(!err.about_input);
    CHECK_TEXT(err.reason, "cannot read some dir at byte 0x20: Is a directory");
    close(fd);
}

static size_t file_size(int fd)
{
    return (size_t)lseek(fd, 0, SEEK_END);
}

static void writes_cross_the_buffers_limits(void)
{
    static const size_t steps[] = {1,
                                   CLS_OUTPUT_BUFFER - 1,
                                   1,
                                   0,
                                   CLS_OUTPUT_BUFFER,
                                   1,
                                   CLS_OUTPUT_BUFFER + 1,
                                   7,
                                   3,
                                   (size_t)3 * CLS_OUTPUT_BUFFER,
                                   16000,
                                   385,
                                   16383};
    struct bytes all = {0}, got = {0};
    struct cls_output out;
    struct cls_error err;
    int fd = memfd_of(NULL, 0);
    size_t pos = 0;

    put_pattern(&all, 200000);
    cls_output_init(&out, fd, "out", NULL);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        CHECK(cls_output_write(&out, all.p + pos, steps[i], &err));
        pos += steps[i];
        CHECK_INT(out.offset, pos);
    }
    CHECK(cls_output_flush(&out, &err));
    CHECK(cls_output_flush(&out, &err));
    all.len = pos;
    lseek(fd, 0, SEEK_SET);
    read_to_end(fd, &got);
    CHECK_BYTES(got.p, got.len, &all);
    close(fd);
    bytes_free(&got);
    bytes_free(&all);
}

static void small_writes_wait_for_the_flush(void)
{
    struct cls_output out;
    struct cls_error err;
    int fd = memfd_of(NULL, 0);

    cls_output_init(&out, fd, "out", NULL);
    CHECK(cls_output_write(&out, "abc", 3, &err) && cls_output_write(&out, "de", 2, &err));
    CHECK_INT(file_size(fd), 0);
    CHECK(cls_output_flush(&out, &err));
    CHECK_INT(file_size(fd), 5);
    close(fd);
}

static void zeros_cross_the_buffers_limits(void)
{
    struct bytes wanted = {0}, got = {0};
    struct cls_output out;
    struct cls_error err;
    int fd = memfd_of(NULL, 0);

    cls_output_init(&out, fd, "out", NULL);
    put_fill(&wanted, 0xaa, CLS_OUTPUT_BUFFER - 3);
    CHECK(cls_output_write(&out, wanted.p, wanted.len, &err));
    CHECK(cls_output_zeros(&out, 7, &err) && cls_output_zeros(&out, 0, &err));
    CHECK(cls_output_zeros(&out, CLS_OUTPUT_BUFFER, &err) && cls_output_flush(&out, &err));
    put_fill(&wanted, 0, 7 + CLS_OUTPUT_BUFFER);
    CHECK_INT(out.offset, wanted.len);
    lseek(fd, 0, SEEK_SET);
    read_to_end(fd, &got);
    CHECK_BYTES(got.p, got.len, &wanted);
    close(fd);
    bytes_free(&got);
    bytes_free(&wanted);
}

static void a_full_device_fails_the_write(void)
{
    static const uint8_t zeros[CLS_OUTPUT_BUFFER + 1];
    struct cls_output out;
    struct cls_error err = {0};
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    cls_output_init(&out, fd, "full.save", NULL);
    CHECK(cls_output_write(&out, zeros, 10, &err));
    CHECK(!cls_output_flush(&out, &err));
    CHECK_INT(err.status, CLS_SYSTEM);
    CHECK(!err.about_input);
    CHECK_TEXT(err.reason, "cannot write full.save: No space left on device");
    CHECK(!cls_output_write(&out, zeros, sizeof(zeros), &err));
    close(fd);
}

static void a_closed_pipe_fails_the_write(void)
{
    struct cls_output out;
    struct cls_error err = {0};
    int fds[2];

    CHECK(pipe(fds) == 0);
    close(fds[0]);
    cls_output_init(&out, fds[1], "pipe", NULL);
    CHECK(cls_output_write(&out, "abc", 3, &err));
    CHECK(!cls_output_flush(&out, &err));
    CHECK_INT(err.status, CLS_SYSTEM);
    CHECK_TEXT(err.reason, "cannot write pipe: Broken pipe");
    close(fds[1]);
}

static void long_reasons_are_truncated(void)
{
    char text[2000];
    struct cls_error err;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    CHECK(!cls_fail(&err, CLS_USAGE, "%s", text));
    CHECK_INT(err.status, CLS_USAGE);
    CHECK_INT(strlen(err.reason), sizeof(err.reason) - 1);
    CHECK(!cls_fail_errno(&err, ENOENT, "%s", text));
    CHECK_INT(strlen(err.reason), sizeof(err.reason) - 1);
    CHECK(!cls_fail_errno(&err, ENOENT, "cannot open %s", "it"));
    CHECK_TEXT(err.reason, "cannot open it: No such file or directory");
}

/* The claimed length may be far more than the input has. */
static void held_bytes_are_those_that_come(void)
{
    struct cls_held held = {0};
    struct fixture f;

    for (enum end end = 0; end < END_KINDS; end++) {
        open_pattern(&f, end, 50000);
        CHECK(cls_held_read(&held, &f.in, 10, "head", &f.err));
        CHECK(cls_held_read(&held, &f.in, 39990, "body", &f.err));
        CHECK(cls_held_read_some(&held, &f.in, 0, "nothing", &f.err));
        CHECK_INT(held.len, 40000);
        CHECK(!cls_held_read(&held, &f.in, (uint64_t)1 << 40, "tail", &f.err));
        CHECK_TEXT(f.err.reason, "expected 1099511627776 bytes of tail, input ended after 10000");
        CHECK(held.len == 50000 && held.capacity <= 100000);
        CHECK(cls_held_read_some(&held, &f.in, (uint64_t)1 << 40, "more", &f.err));
        CHECK_BYTES(held.bytes, held.len, &f.content);
        finish(&f);
        cls_held_free(&held);
    }
}

static void check_plain(const char *bytes, const char *wanted)
{
    char *text = utf8_plain(bytes);

    CHECK_INT(utf8_is_plain(bytes), strcmp(bytes, wanted) == 0);
    CHECK_TEXT(text, wanted);
    free(text);
}

static void any_bytes_as_text(void)
{
    check_plain("", "");
    check_plain("plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xbe",
                "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xbe");
    check_plain("a\nb\x7f", "a\\x0ab\\x7f");
    check_plain("\xff\xc3", "\\xff\\xc3");
    check_plain("\xc0\x80", "\\xc0\\x80");                   /* overlong */
    check_plain("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* a surrogate */
    check_plain("\xe2\x80\xae", "\\xe2\\x80\\xae");          /* right-to-left override */
    check_plain("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond Unicode */
    check_plain("\xc2\x85", "\\xc2\\x85");                   /* C1 */
    check_plain("\xe2\x80\x8e", "\\xe2\\x80\\x8e");          /* left-to-right mark */
    check_plain("\xd8\x9c", "\\xd8\\x9c");                   /* Arabic letter mark */
    check_plain("\xef\xbf\xbe", "\\xef\\xbf\\xbe");          /* no character */
    check_plain("\xef\xbf\xa0 \xef\xbe\xbf", "\xef\xbf\xa0 \xef\xbe\xbf");
    check_plain("\xe2\x82", "\\xe2\\x82");
}

static void check_truncated_text(const char *text, bool ascii, size_t size, const char *wanted)
{
    char buf[16];

    memset(buf, 'x', sizeof(buf));
    utf8_escape(text, ascii, buf, size);
    CHECK_TEXT(buf, wanted);
    CHECK(buf[size] == 'x');
}

static void text_is_truncated_between_characters(void)
{
    check_truncated_text("abc", false, 4, "abc");
    check_truncated_text("abc", false, 3, "ab");
    check_truncated_text("abc", false, 1, "");
    check_truncated_text("a\xc3\xa9", false, 4, "a\xc3\xa9");
    check_truncated_text("a\xc3\xa9", false, 3, "a");
    check_truncated_text("a\xc3\xa9", true, 10, "a\\xc3\\xa9");
    check_truncated_text("a\xc3\xa9", true, 9, "a\\xc3");
    check_truncated_text("\n", false, 5, "\\x0a");
    check_truncated_text("\n", false, 4, "");
}

static void the_log_may_be_missing(void)
{
    struct cls_log no_line = {0};
    struct recorder r;

    cls_warn(NULL, "nobody hears %d", 1);
    cls_info(&no_line, "nobody hears %d", 2);
    recorder_start(&r);
    cls_warn(&r.log, "odd %d", 3);
    cls_info(&r.log, "seen %s", "it");
    CHECK_TEXT((const char *)r.text.p, "W: odd 3\nI: seen it\n");
    recorder_free(&r);
}

/* Warnings are limited by kind; other lines have a higher limit. */
static void warnings_are_limited(void)
{
    struct cls_log_counts counts = {0};
    struct recorder r;
    struct bytes wanted = {0};

    recorder_start(&r);
    r.log.counts = &counts;
    for (int i = 0; i < 100000; i++) {
        cls_warn(&r.log, "odd");
        cls_info(&r.log, "seen");
    }
    cls_warn(&r.log, "another, late");
    cls_log_finish(&r.log);
    cls_log_finish(&r.log);
    cls_warn(&r.log, "odd");
    for (int i = 0; i < 10; i++)
        put_text(&wanted, "W: odd\nI: seen\n");
    for (int i = 10; i < 1000; i++)
        put_text(&wanted, "I: seen\n");
    put_text(&wanted, "W: another, late\nW: 99990 more warnings of this kind\n"
                      "I: 99000 more messages of this kind\nW: odd\n");
    put_fill(&wanted, 0, 1);
    CHECK_BYTES(r.text.p, r.text.len, &wanted);
    recorder_free(&r);
    bytes_free(&wanted);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* The number of kinds is not limited. */
static void the_log_takes_any_number_of_kinds(void)
{
    char fmts[CLS_LOG_KINDS + 50];
    struct cls_log_counts counts = {0};
    struct recorder r;

    memset(fmts, 'x', sizeof(fmts));
    fmts[sizeof(fmts) - 1] = '\0';
    recorder_start(&r);
    r.log.counts = &counts;
    for (size_t i = 0; i < sizeof(fmts); i++)
        cls_warn(&r.log, fmts + i, 0);
    cls_log_finish(&r.log);
    CHECK_CONTAINS((const char *)r.text.p, "W: 41 more warnings of this kind");
    recorder_free(&r);
}

#pragma GCC diagnostic pop

static void record_tick(void *ctx, uint64_t offset)
{
    uint64_t *last = ctx;

    CHECK(offset >= *last);
    *last = offset;
}

static void the_watch_gets_progress(void)
{
    uint64_t last = 0;
    struct cls_watch watch = {.tick = record_tick, .ctx = &last};
    struct fixture f;

    open_pattern(&f, END_FILE, 3 * CLS_BULK_SIZE);
    cls_input_init(&f.in, f.source.fd, "test.save", 0, &watch);
    CHECK(cls_input_skip(&f.in, 3 * CLS_BULK_SIZE, "all", &f.err));
    CHECK(last >= 2 * CLS_BULK_SIZE);
    cls_input_tick(&f.in);
    CHECK_INT(last, 3 * CLS_BULK_SIZE);
    finish(&f);
}

CU_TestInfo base_tests[] = {
    {"byte orders", byte_orders},
    {"reads are exact", reads_are_exact},
    {"read_some ends with the input", read_some_ends_with_the_input},
    {"truncation names offset and place", truncation_names_offset_and_place},
    {"offsets count from where the fd stood", offsets_count_from_where_the_fd_stood},
    {"places have four forms", places_have_four_forms},
    {"peeks consume nothing", peeks_consume_nothing},
    {"peeks end with the input and the buffer", peeks_end_with_the_input_and_the_buffer},
    {"skips are exact", skips_are_exact},
    {"a truncated skip reports where it ended", a_truncated_skip_reports_where_it_ended},
    {"read errors are the system's", read_errors_are_the_systems},
    {"writes cross the buffer's limits", writes_cross_the_buffers_limits},
    {"small writes wait for the flush", small_writes_wait_for_the_flush},
    {"zeros cross the buffer's limits", zeros_cross_the_buffers_limits},
    {"a full device fails the write", a_full_device_fails_the_write},
    {"a closed pipe fails the write", a_closed_pipe_fails_the_write},
    {"long reasons are truncated", long_reasons_are_truncated},
    {"held bytes are those that come", held_bytes_are_those_that_come},
    {"any bytes as text", any_bytes_as_text},
    {"text is truncated between characters", text_is_truncated_between_characters},
    {"the log may be missing", the_log_may_be_missing},
    {"warnings are limited", warnings_are_limited},
    {"the log takes any number of kinds", the_log_takes_any_number_of_kinds},
    {"the watch gets progress", the_watch_gets_progress},
    CU_TEST_INFO_NULL,
};
