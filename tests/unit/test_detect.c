/*
 * legacy: width and guest type from a stream's first bytes.
 */
#include "legacy/detect.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "stream.h"
#include "streams.h"

/* What detection says of these bytes, as text: "64 pv", "32 hvm?" (? : not certain), or the reason.
 */
static void detect(const struct bytes *b, const struct legacy_kind *told, char *text, size_t size)
{
    struct legacy_detected found;
    struct cls_error err = {0};
    struct cls_input in;
    int fd = memfd_of(b->p, b->len);

    cls_input_init(&in, fd, "stream", 0, NULL);
    if (legacy_detect(&in, told, GUEST_UNKNOWN, NULL, &found, &err))
        snprintf(text, size, "%u %s%s", found.kind.width * 8,
                 found.kind.guest == GUEST_PV ? "pv" : "hvm", found.certain ? "" : "?");
    else
        snprintf(text, size, "%s%s", err.status == CLS_BAD_INPUT ? "" : "system: ", err.reason);
    CHECK_INT(in.offset, 0);
    cls_input_release(&in);
    close(fd);
}

static void check_with_hints(const struct bytes *b, unsigned width, enum guest_type guest,
                             const char *wanted)
{
    char text[720];

    detect(b, &(struct legacy_kind){width, guest}, text, sizeof(text));
    CHECK_THAT(strstr(text, wanted) != NULL, "told %u %d: '%s' is not '%s'", width, (int)guest,
               text, wanted);
}

#define NOT_KNOWN "not a legacy stream of Xen, and not a known other format"

/* The first bytes in hex, followed by zeros. */
static void check_hex(const char *hex, const char *wanted)
{
    struct bytes b = {0};
    char text[720];

    put_hex(&b, hex);
    put_fill(&b, 0, 100);
    detect(&b, &(struct legacy_kind){0, GUEST_UNKNOWN}, text, sizeof(text));
    CHECK_THAT(strcmp(text, wanted) == 0, "%s: %s, not %s", hex, text, wanted);
    bytes_free(&b);
}

/* The rows of the dossier's table (formats.md 8.2). "vcpu" is 76 63 70 75. */
static void row_1_64_bit_pv_with_extended_info(void)
{
    check_hex("00000200 00000000 ffffffff ffffffff 40140000 76637075", "64 pv");
    check_hex("00000200 00000000 ffffffff ffffffff 08000000 65787476", "64 pv");
    check_hex("00000200 00000000 ffffffff ffffffff 0c000000 78636e74", "64 pv");
}

static void row_2_32_bit_pv_with_extended_info(void)
{
    check_hex("00000200 ffffffff 000b0000 76637075 f00a0000 00000000", "32 pv");
    check_hex("00000200 ffffffff 08000000 65787476 00000000 00000000", "32 pv");
    check_hex("00000200 ffffffff 0c000000 78636e74 04000000 00000000", "32 pv");
}

static void row_3_64_bit_hvm(void)
{
    check_hex("00000200 00000000 00040000 00000000 00000000 01000000", "64 hvm");
    check_hex("00000200 00000000 01000000 00000000 00000000 01000000", "64 hvm");
    check_hex("00000200 00000000 f9ffffff 01000000 00000000 01000000", "64 hvm"); /* TSC first */
    check_hex("00000200 00000000 fbffffff 01000000 10000000 ffffffff", "64 hvm"); /* tmem first */
    check_hex("00000200 00000000 ebffffff 00000000 01000000 00000000", "64 hvm"); /* -21 */
}

static void row_4_32_bit_hvm(void)
{
    check_hex("00000200 00040000 00000000 01000000 02000000 03000000", "32 hvm");
    check_hex("00000200 01000000 00000000 ffffffff ffffffff 00000000", "32 hvm");
    check_hex("00000200 f9ffffff 01000000 00000000 00000000 01000000", "32 hvm");
    check_hex("00000200 ebffffff 00000000 01000000 00000000 00000000", "32 hvm");
}

static void row_5_64_bit_pv_without_extended_info(void)
{
    check_hex("00000200 00000000 01040000 00000000 02040000 00000000", "64 pv");
    check_hex("00000200 00000000 ffff0100 00000000 02040000 00000000", "64 pv");
}

static void row_6_32_bit_pv_without_extended_info(void)
{
    check_hex("00000200 01040000 02040000 03040000 04040000 05040000", "32 pv");
    check_hex("00000200 ffff0100 02040000 03040000 04040000 05040000", "32 pv");
}

static void row_7_anything_else(void)
{
    /* an invalid chunk id; the frame at p2m_size */
    check_hex("00000200 00000000 eaffffff 00000000 00000000 01000000", NOT_KNOWN);
    check_hex("00000200 eaffffff 00000000 01000000 00000000 00000000", NOT_KNOWN);
    check_hex("00000200 00000000 00000200 00000000 02040000 00000000", NOT_KNOWN);
    check_hex("00000200 00000200 02040000 03040000 04040000 05040000", NOT_KNOWN);
    /* b[12..15] is not 0 */
    check_hex("00000200 00000000 01040000 01000000 02040000 00000000", NOT_KNOWN);
    /* text */
    check_hex("6e616d65 3d226d79 206e616d 65220a6d 656d6f72 793d3132", NOT_KNOWN);
    check_hex("00000000 00000000 00000000 00000000 00000000 00000000", NOT_KNOWN);
    check_hex("ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff", NOT_KNOWN);
}

/* Row 6 also requires the second frame to be below p2m_size. */
static void row_6_needs_its_second_frame(void)
{
    check_hex("00000200 00500000 ffffff7f 03040000 04040000 05040000", NOT_KNOWN);
    check_hex("00000200 00500000 00000200 03040000 04040000 05040000", NOT_KNOWN);
}

static void p2m_size_is_bounded(void)
{
    check_hex("00000000 00000000 01000000 00000000 00000000 01000000", NOT_KNOWN);
    check_hex("00000000 01000000 00000000 01000000 00000000 01000000", NOT_KNOWN);
    check_hex("00000010 00000000 01000000 00000000 00000000 01000000", NOT_KNOWN);
    check_hex("00000010 01000000 00000000 01000000 00000000 01000000", NOT_KNOWN);
    check_hex("ffffff0f 00000000 01000000 00000000 00000000 01000000", "64 hvm");
    check_hex("ffffff0f 01000000 00000000 01000000 00000000 01000000", "32 hvm");
    check_hex("ffffffff ffffffff 40140000 76637075 30140000 00000000", NOT_KNOWN);
}

/* p2m_size 0x00088b1f is gzip's magic; 0x0a0a6d78 is text. What follows decides. */
static void a_p2m_size_may_look_like_a_magic(void)
{
    check_hex("1f8b0800 00000000 01000000 00000000 00000000 01000000", "64 hvm");
    check_hex("1f8b0800 01000000 00000000 00000000 00000000 01000000", "32 hvm");
    check_hex("1f8b0800 ffffffff 000b0000 76637075 f00a0000 00000000", "32 pv");
    check_hex("786d0a0a 00000000 ffffffff ffffffff 40140000 76637075", "64 pv");
    /* really gzip: flags, then a time of 2015 */
    check_hex("1f8b0808 a1b2c355 00036162 632e7361 766500ab cdef0123", NOT_KNOWN);
}

static void chunk_minus_1_first(void)
{
    struct bytes b = {0};

    /* 64-bit: half a marker, then a batch */
    check_hex("00000200 00000000 ffffffff 01000000 01000000 00000000", "64 hvm");
    /* 32-bit: followed by a batch of one page */
    check_hex("00000200 ffffffff 01000000 02000000 00000000 00000000", "32 hvm");
    put_ulong(&b, 4, 0x100);
    put_id(&b, -1);
    put_id(&b, -7);
    put_fill(&b, 2, 20);
    put_page(&b, 4, 0x12);
    put_hvm_tail(&b);
    check_with_hints(&b, 0, GUEST_UNKNOWN, "32 hvm");
    bytes_free(&b);
}

/* formats.md 8.2: HVM only if the next int is a chunk. 1.3: any block may come first. */
static void an_unknown_block_first(void)
{
    check_hex("00000200 00000000 ffffffff ffffffff 70140000 61626364", "64 pv");
    check_hex("00000200 ffffffff 280b0000 61626364 10000000 00000000", "32 pv");
}

/* Up to 1024, the first p2m frame and the count of the first batch look the same. */
static void put_pv_without_info(struct bytes *b, unsigned width, uint64_t frame)
{
    put_ulong(b, width, 512);
    put_ulong(b, width, frame);
    put_page(b, width, 0x10000005);
    put_vcpu_info(b, 0, 1);
    put_pv_tail_head(b);
    put_vcpu(b, width, 0xa0, false);
    put_shared_info(b);
}

/* Frame 1 alone is not enough: no guest has its p2m there. */
static void small_frame_numbers(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        for (uint64_t frame = 2; frame < 512; frame += 51) {
            struct bytes b = {0};
            char wanted[16];

            put_pv_without_info(&b, width, frame);
            snprintf(wanted, sizeof(wanted), "%u pv", width * 8);
            check_with_hints(&b, 0, GUEST_UNKNOWN, wanted);
            bytes_free(&b);
        }
    }
}

static void small_batches(void)
{
    uint32_t entries[1024];

    for (uint32_t i = 0; i < 1024; i++)
        entries[i] = i;
    for (unsigned width = 4; width <= 8; width += 4) {
        for (uint32_t count = 1; count <= 1024; count += 341) {
            struct bytes b = {0};
            char wanted[16];

            put_ulong(&b, width, 0x2000);
            put_batch(&b, width, entries, count);
            put_hvm_tail(&b);
            snprintf(wanted, sizeof(wanted), "%u hvm", width * 8);
            check_with_hints(&b, 0, GUEST_UNKNOWN, wanted);
            bytes_free(&b);
        }
    }
}

static void a_contradicting_guest_type_is_an_error(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        struct bytes hvm = {0}, pv = {0};

        put_small_hvm(&hvm, width);
        put_small_pv(&pv, width);
        check_with_hints(&hvm, 0, GUEST_PV, "stream is for a HVM guest, but --guest-type says PV");
        check_with_hints(&pv, 0, GUEST_HVM, "stream is for a PV guest, but --guest-type says HVM");
        check_with_hints(&hvm, width, GUEST_HVM, width == 8 ? "64 hvm" : "32 hvm");
        check_with_hints(&pv, width, GUEST_PV, width == 8 ? "64 pv" : "32 pv");
        bytes_free(&hvm);
        bytes_free(&pv);
    }
}

/* A 64-bit one, too: its bytes 4..7 are no empty body of a 32-bit HVM guest (formats.md 8.2). */
static void a_pv_guest_of_xen_3_with_guest_type_hvm(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        struct bytes b = {0};

        put_ulong(&b, width, 0x20000);
        for (uint64_t i = 0; i < 1000; i++)
            put_ulong(&b, width, 0x10000 + i);
        check_with_hints(&b, 0, GUEST_PV, width == 8 ? "64 pv" : "32 pv");
        check_with_hints(&b, width, GUEST_HVM,
                         "stream is for a PV guest, but --guest-type says HVM");
        bytes_free(&b);
    }
}

static void check_width_warning(unsigned width, unsigned told, bool warned)
{
    struct bytes b = {0};
    struct legacy_detected found = {0};
    struct cls_error err;
    struct recorder log;
    struct cls_input in;
    int fd;

    put_small_hvm(&b, width);
    fd = memfd_of(b.p, b.len);
    recorder_start(&log);
    cls_input_init(&in, fd, "stream", 0, NULL);
    CHECK(legacy_detect(&in, &(struct legacy_kind){told, GUEST_HVM}, GUEST_UNKNOWN, &log.log,
                        &found, &err));
    CHECK_INT(found.kind.width, width);
    CHECK(found.certain);
    CHECK_INT(recorded(&log, "W: "), warned);
    CHECK_INT(recorded(&log, "using the stream's width"), warned);
    close(fd);
    recorder_free(&log);
    bytes_free(&b);
}

/* libxl always gives the width. */
static void the_streams_width_overrides_the_option(void)
{
    check_width_warning(4, 8, true);
    check_width_warning(8, 4, true);
    check_width_warning(4, 4, false);
    check_width_warning(8, 8, false);
    check_width_warning(4, 0, false);
}

static void hints_about_unknown_bytes_are_not_certain(void)
{
    struct bytes b = {0};

    put_text(&b, "something that is no stream");
    check_with_hints(&b, 8, GUEST_HVM, "64 hvm?");
    check_with_hints(&b, 4, GUEST_PV, "32 pv?");
    check_with_hints(&b, 8, GUEST_UNKNOWN, NOT_KNOWN);
    check_with_hints(&b, 0, GUEST_PV, NOT_KNOWN);
    bytes_free(&b);
}

static void short_inputs(void)
{
    struct bytes b = {0};

    put_small_hvm(&b, 8);
    for (b.len = 0; b.len < 24; b.len++)
        check_with_hints(&b, 8, GUEST_HVM, "expected 24 bytes of a stream, input ended after ");
    b.len = 24;
    check_with_hints(&b, 8, GUEST_HVM, "64 hvm");
    bytes_free(&b);
}

/* Data peeked from a pipe is consumed, so it must belong to the stream. */
static void check_pipe(struct bytes *stream, size_t others, const char *wanted)
{
    struct legacy_detected found = {0};
    struct cls_error err = {0};
    struct cls_input in;
    int fds[2], left = 0;
    char text[40];

    put_fill(stream, 0xee, others);
    CHECK(pipe(fds) == 0);
    CHECK_INT(write(fds[1], stream->p, stream->len), stream->len);
    cls_input_init(&in, fds[0], "pipe", 0, NULL);
    CHECK(legacy_detect(&in, &(struct legacy_kind){0, GUEST_UNKNOWN}, GUEST_UNKNOWN, NULL, &found,
                        &err));
    snprintf(text, sizeof(text), "%u %s", found.kind.width * 8,
             found.kind.guest == GUEST_PV ? "pv" : "hvm");
    CHECK_TEXT(text, wanted);
    CHECK(ioctl(fds[0], FIONREAD, &left) == 0);
    CHECK_THAT(left >= (int)others, "%d bytes left of %zu", left, others);
    close(fds[0]);
    close(fds[1]);
    bytes_free(stream);
}

/* The shortest streams that detection follows: a batch without page data. */
static void pipes_are_never_read_beyond_the_stream(void)
{
    static const uint32_t xtab[] = {0xf0000000, 0xf0000001, 0xf0000002, 0xf0000003};
    struct bytes b = {0};

    put_ulong(&b, 4, 0x100);
    put_batch(&b, 4, xtab, 4);
    put_hvm_tail(&b);
    check_pipe(&b, 3000, "32 hvm");

    put_ulong(&b, 4, 0x100);
    put_page(&b, 4, 0xe0000001);
    put_hvm_tail(&b);
    check_pipe(&b, 3000, "32 hvm");

    put_ulong(&b, 8, 0x100);
    put_page(&b, 8, 0);
    put_hvm_tail(&b);
    check_pipe(&b, 3000, "64 hvm");

    put_pv_without_info(&b, 8, 511);
    check_pipe(&b, 3000, "64 pv");
    put_pv_without_info(&b, 4, 511);
    check_pipe(&b, 3000, "32 pv");
}

static bool sees_body(const uint8_t *bytes, size_t n, unsigned width, uint64_t p2m_size)
{
    struct legacy_stream stream;
    struct cls_input in;
    struct cls_error err;
    bool seen = false;

    stream_init(&stream, &in, width, GUEST_PV);
    stream.p2m_size = p2m_size;
    cls_input_init_window(&in, bytes, n < CLS_PEEK_MAX ? n : CLS_PEEK_MAX, 0);
    CHECK(measure_sees_body(&stream, &seen, &err));
    cls_input_release(&in);
    return seen;
}

/* HVM streams have no page tables, so a PV batch with one is not taken for HVM. */
static void page_tables_fit_no_hvm_guest(void)
{
    static const uint32_t plain = 1, table = 1 | 1u << 28, broken = 13u << 28, unmapped = 15u << 28;
    struct legacy_stream stream;
    struct chunk chunk = {0};

    for (int guest = GUEST_PV; guest <= GUEST_HVM; guest++) {
        stream_init(&stream, NULL, 4, (enum guest_type)guest);
        stream.p2m_size = 0x100;
        memcpy(chunk.raw, (const uint32_t[]){plain, broken, unmapped, table}, 16);
        CHECK(measure_fits_batch(&stream, &chunk, 3));
        CHECK_INT(measure_fits_batch(&stream, &chunk, 4), guest == GUEST_PV);
    }
}

static void bodies_of_further_checkpoints(void)
{
    static const uint32_t entries[] = {1, 2, 0x100};
    struct bytes b = {0};

    put_id(&b, -2);
    CHECK(sees_body(b.p, b.len, 8, 0x100));
    for (size_t n = 1; n < 4; n++) /* truncated */
        CHECK(sees_body(b.p, n, 8, 0x100));
    CHECK(!sees_body(b.p, 0, 8, 0x100));
    b.p[2] = 0;
    CHECK(sees_body(b.p, 2, 8, 0x100) && !sees_body(b.p, 3, 8, 0x100));
    bytes_free(&b);
    put_id(&b, 0);
    CHECK(!sees_body(b.p, b.len, 8, 0x100));
    bytes_free(&b);
    put_batch(&b, 8, entries, 2);
    CHECK(sees_body(b.p, b.len, 8, 0x100));
    bytes_free(&b);
    put_batch(&b, 4, entries, 3);
    CHECK(!sees_body(b.p, b.len, 4, 0x100)); /* a pfn beyond the guest */
    CHECK(sees_body(b.p, b.len, 4, 0x101));
    bytes_free(&b);
    put_text(&b, "text is no checkpoint");
    CHECK(!sees_body(b.p, b.len, 4, 0x100));
    bytes_free(&b);
}

/* What follows is up to the caller, as for check_pipe(). */
static void check_piped(const struct bytes *b, enum guest_type told, const char *wanted)
{
    struct legacy_kind kind = {0, told};
    struct legacy_detected found = {0};
    struct cls_error err = {0};
    struct cls_input in;
    char text[40];
    int fd = memfd_of(b->p, b->len);

    cls_input_init(&in, fd, "pipe", 0, NULL);
    in.is_regular = false;
    CHECK(legacy_detect(&in, &kind, GUEST_UNKNOWN, NULL, &found, &err));
    snprintf(text, sizeof(text), "%u %s", found.kind.width * 8,
             found.kind.guest == GUEST_PV ? "pv" : "hvm");
    CHECK_TEXT(text, wanted);
    CHECK(lseek(fd, 0, SEEK_CUR) <= CLS_PEEK_MAX);
    close(fd);
}

static void check_config(const struct bytes *b, enum guest_type config, enum guest_type wanted)
{
    struct legacy_detected found = {0};
    struct cls_error err = {0};
    struct cls_input in;
    int fd = memfd_of(b->p, b->len);

    cls_input_init(&in, fd, "stream", 0, NULL);
    CHECK(legacy_detect(&in, &(struct legacy_kind){0, GUEST_UNKNOWN}, config, NULL, &found, &err));
    CHECK_INT(found.kind.guest, wanted);
    close(fd);
}

/* A guest of 2100 pfns saved by Xen 3.0, its p2m table where Linux has it, its pages shuffled. */
static void put_low_p2m(struct bytes *b, unsigned width)
{
    uint32_t entries[1024];
    uint32_t frames = (2100 - 1) / (4096 / width) + 1;

    put_ulong(b, width, 2100);
    for (uint32_t i = 0; i < frames; i++)
        put_ulong(b, width, 0x28 + i);
    for (uint32_t i = 0; i < 1024; i++)
        entries[i] = (i + 100) * 613 % 2100;
    put_batch(b, width, entries, 1024);
    put_vcpu_info(b, 0, 1);
    put_pv_tail_head(b);
    put_vcpu(b, width, 0xa0, false);
    put_shared_info(b);
}

/* Offset of the next chunk if the frame list were a batch of n entries from offset at. */
static size_t behind_batch(size_t at, uint32_t n, unsigned width)
{
    return at + (size_t)n * width + (size_t)n * 4096;
}

/* A guest may write what it likes into its pages: here, what would end the stream of a HVM guest.
 */
static void page_data_of_a_pv_guest_does_not_count(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        const char *wanted = width == 8 ? "64 pv" : "32 pv";
        struct bytes b = {0};

        put_low_p2m(&b, width);
        check_with_hints(&b, 0, GUEST_UNKNOWN, wanted);
        check_piped(&b, GUEST_UNKNOWN, wanted);
        memset(b.p + behind_batch(width + 4, 0x28, width), 0, 4 + 24);
        memcpy(b.p + behind_batch(width + 4, 0x28, width) + 28, "\x08\0\0\0", 4);
        check_with_hints(&b, 0, GUEST_UNKNOWN, wanted);
        check_with_hints(&b, 0, GUEST_PV, wanted);
        check_config(&b, GUEST_PV, GUEST_PV);
        if (width == 4) { /* both fit: the hint decides */
            check_with_hints(&b, 0, GUEST_HVM, "32 hvm");
            check_config(&b, GUEST_HVM, GUEST_HVM);
        }
        bytes_free(&b);
    }
}

static void page_data_of_a_hvm_guest_does_not_count(void)
{
    /* p2m_size, then as many frames as 0x2000 pfns need: count and first entries of the batch; then
     * the next entry as a count. */
    const uint32_t frames = 8, count = 7;
    size_t next = behind_batch(4 + frames * 4 + 4, count, 4);
    struct bytes b = {0};
    uint32_t entries[1024];

    for (uint32_t i = 0; i < 1024; i++)
        entries[i] = i;
    put_ulong(&b, 4, 0x2000);
    put_batch(&b, 4, entries, 1024);
    put_hvm_tail(&b);
    check_with_hints(&b, 0, GUEST_UNKNOWN, "32 hvm");
    memset(b.p + next, 0, 8); /* the end of the body, and no unmapped pfns */
    check_with_hints(&b, 0, GUEST_UNKNOWN, "32 hvm");
    check_piped(&b, GUEST_UNKNOWN, "32 hvm");
    check_config(&b, GUEST_PV, GUEST_PV);
    check_with_hints(&b, 0, GUEST_PV, "32 pv");
    bytes_free(&b);
}

static void a_p2m_frame_in_page_0(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        struct bytes b = {0};

        put_pv_without_info(&b, width, 0);
        check_with_hints(&b, 0, GUEST_UNKNOWN, width == 8 ? "64 pv" : "32 pv");
        check_with_hints(&b, width, GUEST_PV, width == 8 ? "64 pv" : "32 pv");
        bytes_free(&b);
    }
    /* but not twice: frame pfn 0 */
    check_hex("00100000 00000000 00000000 00000000 00000000 00000000", NOT_KNOWN);
}

/* Such words may also begin a save of ia64; it goes on otherwise. */
static void small_frame_numbers_are_certain_once_the_body_begins(void)
{
    for (uint64_t first = 1; first <= 3; first++) {
        struct bytes b = {0};
        char text[720];

        put_ulong(&b, 8, 0x800);
        for (uint64_t i = 0; i < 4; i++)
            put_ulong(&b, 8, first + i);
        put_batch(&b, 8, (const uint32_t[]){7}, 1);
        detect(&b, &(struct legacy_kind){8, GUEST_PV}, text, sizeof(text));
        CHECK_THAT(strcmp(text, "64 pv") == 0, "%s", text);
        b.len = 4 * 8;
        detect(&b, &(struct legacy_kind){8, GUEST_PV}, text, sizeof(text));
        CHECK_THAT(strcmp(text, "64 pv?") == 0, "%s", text);
        bytes_free(&b);
    }
}

/* As a 32-bit PV stream this one is cut in the middle of its first batch. */
static void a_whole_stream_counts_more_than_a_part(void)
{
    struct bytes b = {0};

    put_ulong(&b, 8, 0x401);
    put_batch(&b, 8, (const uint32_t[]){3, 0xf0000000}, 2);
    put_hvm_tail(&b);
    check_with_hints(&b, 0, GUEST_UNKNOWN, "64 hvm");
    bytes_free(&b);
}

CU_TestInfo detect_tests[] = {
    {"row 1: 64-bit PV with extended info", row_1_64_bit_pv_with_extended_info},
    {"row 2: 32-bit PV with extended info", row_2_32_bit_pv_with_extended_info},
    {"row 3: 64-bit HVM", row_3_64_bit_hvm},
    {"row 4: 32-bit HVM", row_4_32_bit_hvm},
    {"row 5: 64-bit PV without extended info", row_5_64_bit_pv_without_extended_info},
    {"row 6: 32-bit PV without extended info", row_6_32_bit_pv_without_extended_info},
    {"row 6 needs its second frame", row_6_needs_its_second_frame},
    {"row 7: anything else", row_7_anything_else},
    {"p2m_size is bounded", p2m_size_is_bounded},
    {"a p2m_size may look like a magic", a_p2m_size_may_look_like_a_magic},
    {"chunk -1 first", chunk_minus_1_first},
    {"an unknown block first", an_unknown_block_first},
    {"small frame numbers", small_frame_numbers},
    {"small batches", small_batches},
    {"a contradicting guest type is an error", a_contradicting_guest_type_is_an_error},
    {"a PV guest of Xen 3 with guest type HVM", a_pv_guest_of_xen_3_with_guest_type_hvm},
    {"the stream's width overrides the option", the_streams_width_overrides_the_option},
    {"hints about unknown bytes are not certain", hints_about_unknown_bytes_are_not_certain},
    {"short inputs", short_inputs},
    {"pipes are never read beyond the stream", pipes_are_never_read_beyond_the_stream},
    {"bodies of further checkpoints", bodies_of_further_checkpoints},
    {"page tables fit no HVM guest", page_tables_fit_no_hvm_guest},
    {"page data of a PV guest does not count", page_data_of_a_pv_guest_does_not_count},
    {"page data of a HVM guest does not count", page_data_of_a_hvm_guest_does_not_count},
    {"a p2m frame in page 0", a_p2m_frame_in_page_0},
    {"small frame numbers are certain once the body begins",
     small_frame_numbers_are_certain_once_the_body_begins},
    {"a whole stream counts more than a part", a_whole_stream_counts_more_than_a_part},
    CU_TEST_INFO_NULL,
};
