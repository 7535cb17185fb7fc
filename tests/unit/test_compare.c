/*
 * compare: --verify, which converts again with an output that compares. The v2 streams are the
 * fixtures' expected ones, which are not of our making.
 */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/move.h"
#include "conversion.h"
#include "fixtures.h"
#include "legacy/detect.h"
#include "legacy/reader.h"
#include "streams.h"
#include "v2/writer.h"

#ifdef __SANITIZE_ADDRESS__
#define SLOW 8 /* times slower: fewer flips */
#else
#define SLOW 1
#endif

/* A legacy stream and its conversion, in files whose bytes can be changed. */
struct pair {
    int in_fd, out_fd;
    uint64_t in_stream, out_stream; /* offsets after the envelopes */
    struct bytes in, out;
    uint8_t *mapped; /* of out_fd */
    struct legacy_options reader;
    struct v2_options writer;
    struct cls_error err;
};

/* Consumes the envelope and detects the stream. */
static void look(struct pair *p)
{
    static const struct legacy_kind nothing_told;
    struct legacy_detected found;
    struct envelope in_envelope = {0}, out_envelope = {0};
    struct cls_input in, out;

    cls_input_init(&in, p->in_fd, "in", 0, NULL);
    cls_input_init(&out, p->out_fd, "out", 0, NULL);
    must(envelope_read(&in, NULL, &in_envelope, &p->err) &&
             envelope_skip(&in_envelope, &in, &p->err) &&
             envelope_read(&out, NULL, &out_envelope, &p->err) &&
             envelope_skip(&out_envelope, &out, &p->err),
         "envelopes");
    p->in_stream = in.offset;
    p->out_stream = out.offset;
    must(legacy_detect(&in, &nothing_told, GUEST_UNKNOWN, NULL, &found, &p->err), "detection");
    p->writer = (struct v2_options){.format = envelope_is_libxl(&in_envelope) ? V2_LIBXL : V2_LIBXC,
                                    .version = 3};
    p->reader = (struct legacy_options){.width = found.kind.width,
                                        .guest = found.kind.guest,
                                        .ignore_toolstack = p->writer.format == V2_LIBXC,
                                        .embedded = envelope_is_delimited(&in_envelope)};
    envelope_free(&in_envelope);
    envelope_free(&out_envelope);
    cls_input_release(&in);
    cls_input_release(&out);
}

static void open_pair(struct pair *p, const char *in_path)
{
    char out_path[1000];

    memset(p, 0, sizeof(*p));
    fixture_beside(in_path, ".v3.expected", out_path, sizeof(out_path));
    must(read_file(in_path, &p->in) && read_file(out_path, &p->out), in_path);
    p->in_fd = memfd_of(p->in.p, p->in.len);
    p->out_fd = memfd_of(p->out.p, p->out.len);
    p->mapped = mmap(NULL, p->out.len, PROT_READ | PROT_WRITE, MAP_SHARED, p->out_fd, 0);
    must(p->mapped != MAP_FAILED, "mmap");
    look(p);
}

static void open_fixture(struct pair *p, const char *name)
{
    char path[1000];

    snprintf(path, sizeof(path), FIXTURES_DIR "/%s.legacy", name);
    open_pair(p, path);
}

static void close_pair(struct pair *p)
{
    munmap(p->mapped, p->out.len);
    close(p->in_fd);
    close(p->out_fd);
    bytes_free(&p->in);
    bytes_free(&p->out);
}

static bool put_items(struct pair *p, struct cls_input *in, struct cls_output *out)
{
    struct legacy_reader *reader = legacy_reader_new(in, &p->reader, NULL, &p->err);
    struct v2_writer writer;
    struct image_item item = {0};
    bool ok = reader != NULL;

    v2_writer_init(&writer, out, &p->writer);
    while (ok && item.kind != IMAGE_END)
        ok = legacy_reader_next(reader, &item, &p->err) && v2_writer_put(&writer, &item, &p->err);
    legacy_reader_free(reader);
    return ok && cls_output_finish(out, &p->err);
}

/* The comparison alone, from the streams' first bytes on. */
static bool streams_agree(struct pair *p)
{
    const struct cls_move_options compare = {.compare = true};
    struct cls_input in;
    struct cls_output out;
    bool ok;

    must(lseek(p->in_fd, (off_t)p->in_stream, SEEK_SET) >= 0 &&
             lseek(p->out_fd, (off_t)p->out_stream, SEEK_SET) >= 0,
         "lseek");
    cls_input_init(&in, p->in_fd, "in", p->in_stream, NULL);
    cls_output_init(&out, p->out_fd, "out", NULL);
    cls_move_prepare(&in, &out, &compare, NULL);
    ok = put_items(p, &in, &out);
    cls_input_release(&in);
    cls_output_release(&out);
    return ok;
}

/* All of --verify. */
static bool files_agree(struct pair *p)
{
    const struct convert_options options = {.version = 3, .no_sync = true};
    struct convert_cleanup cleanup = {0};
    struct conversion c = {.options = &options,
                           .cleanup = &cleanup,
                           .in_file = IN_FILE_NONE,
                           .out_file = {.fd = p->out_fd},
                           .out_name = "out"};
    bool ok;

    c.in_file.fd = p->in_fd;
    strcpy(c.in_file.name, "in");
    cls_input_init(&c.in, p->in_fd, "in", p->in.len, NULL);
    cls_output_init(&c.out, p->out_fd, "out", NULL);
    ok = read_back(&c, &p->err);
    cls_input_release(&c.in);
    cls_output_release(&c.out);
    repaired_release(&c.repaired);
    envelope_free(&c.envelope);
    return ok;
}

/* All of --verify, including the comparison of the streams. */
static void fixtures_agree(void)
{
    struct fixtures f;

    fixtures_find(&f, "good-*");
    for (size_t i = 0; i < fixtures_count(&f); i++) {
        struct pair p;

        open_pair(&p, fixtures_path(&f, i));
        CHECK_THAT(files_agree(&p), "%s: %s", fixtures_path(&f, i), p.err.reason);
        close_pair(&p);
    }
    fixtures_free(&f);
}

/* Flips a bit of the new stream. It must be detected at this offset or before. */
static bool check_flip(struct pair *p, bool (*agree)(struct pair *p), size_t byte, unsigned bit)
{
    bool ok;

    p->mapped[byte] ^= (uint8_t)(1 << bit);
    ok = agree(p);
    p->mapped[byte] ^= (uint8_t)(1 << bit);
    return CHECK_THAT(!ok && p->err.status == CLS_SYSTEM && strncmp(p->err.reason, "out", 3) == 0,
                      "bit %u of byte 0x%zx: agrees %d, status %d, %s", bit, byte, ok,
                      (int)p->err.status, p->err.reason);
}

/* Every bit from the stream's start to its end; step 8: one bit of each byte. */
static void every_bit_of(const char *name, unsigned step)
{
    struct pair p;

    open_fixture(&p, name);
    for (size_t byte = (size_t)p.out_stream; byte < p.out.len; byte++)
        for (unsigned bit = (unsigned)byte % step; bit < 8; bit += step)
            if (!check_flip(&p, streams_agree, byte, bit))
                break;
    CHECK_THAT(streams_agree(&p), "%s: %s", name, p.err.reason);
    close_pair(&p);
}

static void every_bit(void)
{
    /* Memory is reused between comparisons, which saves two thirds of the time. */
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
    every_bit_of("good-none-hvm32", 8);  /* libxc: with the qemu record behind */
    every_bit_of("good-xl-hvm64", SLOW); /* libxl: physmap, emulator */
    every_bit_of("good-none-pv32-xsave", SLOW);
}

/* One bit of each byte, the envelope's too, against all that --verify does. */
static void a_bit_of_every_byte(void)
{
    static const char *const names[] = {"good-xl-pv64", "good-xl-hvm32", "good-xapi-hvm32",
                                        "good-libvirt-hvm64"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct pair p;

        if (!fixture_usable(names[i]))
            continue;
        open_fixture(&p, names[i]);
        for (size_t byte = 0; byte < p.out.len; byte += SLOW)
            if (!check_flip(&p, files_agree, byte, (unsigned)(byte / SLOW) % 8))
                break;
        close_pair(&p);
    }
}

/* The reported offset is that in the file. */
static void says_where(void)
{
    struct pair p;

    open_fixture(&p, "good-none-hvm64");
    check_flip(&p, streams_agree, 0x58, 0); /* of the first batch: 4 entries */
    CHECK_TEXT(p.err.reason, "out: byte 0x58: found 0x05, expected 0x04");
    check_flip(&p, files_agree, p.out.len - 1, 7);
    CHECK_CONTAINS(p.err.reason, "out");
    close_pair(&p);
}

/* The new or the old file is shorter or longer. */
static void lengths(void)
{
    struct pair p;

    open_fixture(&p, "good-none-hvm64");
    must(ftruncate(p.out_fd, (off_t)p.out.len - 1) == 0, "ftruncate");
    CHECK(!streams_agree(&p));
    CHECK_CONTAINS(p.err.reason, "out is too short: it ends at byte 0x");
    CHECK(!files_agree(&p) && p.err.status == CLS_SYSTEM);
    must(ftruncate(p.out_fd, (off_t)p.out.len + 1) == 0, "ftruncate");
    CHECK(!files_agree(&p) && p.err.status == CLS_SYSTEM);
    CHECK_CONTAINS(p.err.reason, "out, read again: ");
    p.mapped[p.out.len - 1] = p.out.p[p.out.len - 1];
    CHECK(!streams_agree(&p));
    CHECK_TEXT(p.err.reason, "out has data after the end of the stream");
    must(ftruncate(p.out_fd, (off_t)p.out.len) == 0, "ftruncate");
    CHECK(files_agree(&p));
    must(ftruncate(p.in_fd, (off_t)p.in.len - 1) == 0, "ftruncate");
    CHECK(!files_agree(&p) && p.err.status == CLS_SYSTEM);
    CHECK_CONTAINS(p.err.reason, "in, read again: ");
    close_pair(&p);
}

CU_TestInfo compare_tests[] = {
    {"fixtures agree", fixtures_agree},
    {"every bit", every_bit},
    {"a bit of every byte", a_bit_of_every_byte},
    {"says where", says_where},
    {"lengths", lengths},
    CU_TEST_INFO_NULL,
};
