/*
 * convert: every fixture cut at every byte is refused, and leaves no output. At every byte outside
 * of page data, that is, and at some in there: within a page one cut is like another, and all of
 * them would take a minute.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "convert/convert.h"
#include "envelope/envelope.h"
#include "fixtures.h"
#include "legacy/detect.h"
#include "legacy/reader.h"
#include "streams.h"

/* Slower with sanitizers. */
#ifdef __SANITIZE_ADDRESS__
#define INSIDE_STEP  97
#define OUTSIDE_STEP 4
#else
#define INSIDE_STEP  7
#define OUTSIDE_STEP 1
#endif

struct cutting {
    struct scratch dir;
    char in[300], out[300];
};

static void start(struct cutting *c, const struct bytes *stream)
{
    scratch_make(&c->dir);
    snprintf(c->in, sizeof(c->in), "%s", scratch_path(&c->dir, "in"));
    snprintf(c->out, sizeof(c->out), "%s", scratch_path(&c->dir, "out"));
    write_file(c->in, stream->p, stream->len);
}

static bool convert(const struct cutting *c, struct cls_error *err)
{
    struct convert_options options = {
        .in = c->in, .out = c->out, .version = 2, .no_sync = true, .no_sandbox = true};
    struct convert_cleanup cleanup = {0};

    *err = (struct cls_error){0};
    return convert_stream(&options, NULL, NULL, &cleanup, NULL, err);
}

/* The file is truncated to n bytes. Returns false if that is not detected. */
static bool check_rejected(const struct cutting *c, const char *name, size_t n)
{
    struct cls_error err;
    bool ok = convert(c, &err);

    return CHECK_THAT(!ok && err.status == CLS_BAD_INPUT && err.about_input && err.offset <= n &&
                          err.place[0] && access(c->out, F_OK) != 0,
                      "%s cut after %zu bytes: converted %d, status %d, offset %llu, %s: %s", name,
                      n, ok, (int)err.status, (unsigned long long)err.offset, err.place,
                      err.reason);
}

/* Reads the stream; inside[n] becomes 1 if offset n is within page data. */
static bool mark_pages(struct cls_input *in, struct legacy_reader *reader, struct bytes *inside,
                       struct cls_error *err)
{
    struct image_item item;

    do {
        if (!legacy_reader_next(reader, &item, err))
            return false;
        if (item.kind == IMAGE_PAGES && item.pages.data.len > 0)
            memset(inside->p + in->offset + 1, 1, (size_t)item.pages.data.len - 1);
    } while (item.kind != IMAGE_END);
    return true;
}

static void find_pages(const struct bytes *stream, struct bytes *inside)
{
    struct legacy_kind told = {0};
    struct legacy_options options = {0};
    struct legacy_reader *reader = NULL;
    struct legacy_detected found;
    struct envelope envelope;
    struct cls_input in;
    struct cls_error err;
    int fd = memfd_of(stream->p, stream->len);

    put_fill(inside, 0, stream->len + 1);
    cls_input_init(&in, fd, "fixture", 0, NULL);
    CHECK(envelope_read(&in, NULL, &envelope, &err) && envelope_skip(&envelope, &in, &err));
    told.guest = envelope.guest.type;
    CHECK(legacy_detect(&in, &told, GUEST_UNKNOWN, NULL, &found, &err));
    options.width = found.kind.width;
    options.guest = found.kind.guest;
    options.embedded = envelope_is_delimited(&envelope);
    reader = legacy_reader_new(&in, &options, NULL, &err);
    CHECK(reader && mark_pages(&in, reader, inside, &err));
    legacy_reader_free(reader);
    cls_input_release(&in);
    envelope_free(&envelope);
    close(fd);
}

/* From the longest to the empty one. */
static void cut_everywhere(const struct bytes *stream, const char *name)
{
    struct bytes inside = {0};
    struct cls_error err;
    struct cutting c;

    find_pages(stream, &inside);
    start(&c, stream);
    CHECK_THAT(convert(&c, &err), "%s: %s", name, err.reason);
    unlink(c.out);
    for (size_t n = stream->len; n-- > 0;) {
        if (n % (inside.p[n] ? INSIDE_STEP : OUTSIDE_STEP) != 0)
            continue;
        CHECK(truncate(c.in, (off_t)n) == 0);
        if (!check_rejected(&c, name, n))
            break; /* one message is enough */
    }
    CHECK_INT(scratch_entries(&c.dir), 1);
    scratch_remove(&c.dir);
    bytes_free(&inside);
}

static void every_fixture_at_every_byte(void)
{
    struct fixtures f;

    fixtures_find(&f, "good-*");
    for (size_t i = 0; i < fixtures_count(&f); i++) {
        struct bytes stream = {0};

        CHECK(read_file(fixtures_path(&f, i), &stream));
        cut_everywhere(&stream, strrchr(fixtures_path(&f, i), '/') + 1);
        bytes_free(&stream);
    }
    fixtures_free(&f);
}

/*
 * A record QemuDeviceModelRecord without newline goes on to the end of the input and states no
 * length: a cut inside its data cannot be noticed, as nothing there says what is missing. One
 * before the data's first 4 bytes ("QEVM") can.
 */
static void a_record_without_length(void)
{
    struct bytes stream = {0};
    struct cls_error err;
    struct cutting c;
    size_t data;

    put_ulong(&stream, 8, 0x100);
    put_page(&stream, 8, 0xe0000012);
    put_hvm_tail(&stream);
    put_text(&stream, "QemuDeviceModelRecord");
    data = stream.len;
    put_text(&stream, "QEVM and more");
    start(&c, &stream);
    for (size_t n = stream.len; n-- > data + 4;) {
        CHECK(truncate(c.in, (off_t)n) == 0);
        CHECK(convert(&c, &err));
        CHECK(unlink(c.out) == 0);
    }
    stream.len = data + 4;
    scratch_remove(&c.dir);

    start(&c, &stream);
    for (size_t n = data + 4; n-- > 0;) {
        CHECK(truncate(c.in, (off_t)n) == 0);
        check_rejected(&c, "a record without length", n);
    }
    scratch_remove(&c.dir);
    bytes_free(&stream);
}

CU_TestInfo truncation_tests[] = {
    {"every fixture at every byte", every_fixture_at_every_byte},
    {"a record without length", a_record_without_length},
    CU_TEST_INFO_NULL,
};
