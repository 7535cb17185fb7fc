/*
 * legacy: the header, the extended info and the p2m frame list.
 */
#include <stdio.h>
#include <string.h>

#include "streams.h"
#include "transcript.h"

static struct reading read_as(const struct bytes *stream, unsigned width, enum guest_type guest)
{
    struct reading reading = {.options = {.width = width, .guest = guest}};

    reading_run(&reading, stream);
    return reading;
}

static void check_reads(const struct bytes *stream, unsigned width, enum guest_type guest,
                        const char *text)
{
    struct reading reading = read_as(stream, width, guest);

    CHECK_THAT(reading.ok, "width %u: %s: %s", width, reading.err.place, reading.err.reason);
    CHECK_TEXT(reading_text(&reading), text);
    CHECK_INT(reading.end_offset, stream->len);
    CHECK_INT(reading.fd_offset, stream->len);
    reading_free(&reading);
}

static void check_fails(const struct bytes *stream, unsigned width, enum guest_type guest,
                        uint64_t offset, const char *reason)
{
    struct reading reading = read_as(stream, width, guest);

    CHECK(!reading.ok);
    CHECK_INT(reading.err.status, CLS_BAD_INPUT);
    CHECK(reading.err.about_input);
    CHECK_INT(reading.err.offset, offset);
    CHECK_CONTAINS(reading.err.reason, reason);
    reading_free(&reading);
}

static void small_hvm_streams(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        struct bytes b = {0};

        put_small_hvm(&b, width);
        check_reads(&b, width, GUEST_HVM,
                    "BEGIN hvm 100\nPAGES 00000012 | 4096*12\n" HVM_TAIL_TEXT QEMU_TEXT "END\n");
        bytes_free(&b);
    }
}

static void small_pv_streams(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        struct bytes b = {0};
        char text[400];

        put_small_pv(&b, width);
        snprintf(text, sizeof(text),
                 "BEGIN pv 100\nPV_INFO %u %u\nFRAMES 0+1/1 77\nPAGES 00000012 | 4096*12\n"
                 "BASIC 0 | %d*a0\nEXTENDED 0 | 128*a1\nSHARED_INFO 4096*51\nLIBXC_END\nEND\n",
                 width, width == 8 ? 4 : 3, width == 8 ? CONTEXT_64 : CONTEXT_32);
        check_reads(&b, width, GUEST_PV, text);
        bytes_free(&b);
    }
}

/* The reader skips bulk that the caller does not consume: the items are the same. */
static void check_appetite(enum appetite appetite, enum guest_type guest, const char *bulk)
{
    struct reading reading = {.options = {.width = 8, .guest = guest}, .appetite = appetite};
    struct bytes b = {0};

    if (guest == GUEST_HVM)
        put_small_hvm(&b, 8);
    else
        put_small_pv(&b, 8);
    reading_run(&reading, &b);
    CHECK(reading.ok);
    CHECK_INT(reading.end_offset, b.len);
    CHECK_INT(reading.fd_offset, b.len);
    CHECK_CONTAINS(reading_text(&reading), bulk);
    CHECK_CONTAINS(reading_text(&reading), "\nEND\n");
    reading_free(&reading);
    bytes_free(&b);
}

static void bulk_left_by_the_caller_is_skipped(void)
{
    check_appetite(EAT_HALF, GUEST_HVM, "PAGES 00000012 | 2048*12\nPARAMS 5=f0");
    check_appetite(EAT_NOTHING, GUEST_HVM, "HVM_CONTEXT 3 left\nLIBXC_END\nEMULATOR");
    check_appetite(EAT_HALF, GUEST_PV, "SHARED_INFO 2048*51\nLIBXC_END");
    check_appetite(EAT_NOTHING, GUEST_PV, "PAGES 00000012 | 4096 left\nBASIC 0 | 5168*a0");
}

static void bulk_that_is_missing_fails_when_skipped(void)
{
    struct reading reading = {.options = {.width = 4, .guest = GUEST_HVM}, .appetite = EAT_NOTHING};
    struct bytes b = {0};

    put_small_hvm(&b, 4);
    b.len = 4 + 4 + 4 + 100; /* in the page's data */
    reading_run(&reading, &b);
    CHECK(!reading.ok);
    CHECK_TEXT(reading.err.place, "page batch 1");
    CHECK_TEXT(reading.err.reason, "expected 4096 bytes of data, input ended after 100");
    reading_free(&reading);
    bytes_free(&b);
}

static void check_p2m_size(unsigned width, uint64_t p2m_size, bool good)
{
    struct bytes b = {0};

    put_ulong(&b, width, p2m_size);
    put_page(&b, width, 0);
    put_hvm_tail(&b);
    put_qemu(&b);
    if (good) {
        struct reading reading = read_as(&b, width, GUEST_HVM);

        CHECK(reading.ok);
        reading_free(&reading);
    } else {
        check_fails(&b, width, GUEST_HVM, 0, "is out of range (1 to 0xfffffff)");
    }
    bytes_free(&b);
}

static void p2m_size_has_28_bits(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        check_p2m_size(width, 0, false);
        check_p2m_size(width, 1, true);
        check_p2m_size(width, 0x0fffffff, true);
        check_p2m_size(width, 0x10000000, false);
        check_p2m_size(width, UINT32_MAX, false);
    }
    check_p2m_size(8, UINT64_C(0x100000001), false);
    check_p2m_size(8, UINT64_MAX, false);
}

/* p2m_size 0x10, these extended info blocks, one frame. */
static void put_blocks_start(struct bytes *b, unsigned width, const struct bytes *blocks)
{
    put_ulong(b, width, 0x10);
    put_extended_info(b, width, blocks);
    put_ulong(b, width, 5);
}

/* A page without content, vcpu 0 and the end. */
static void put_rest(struct bytes *b, unsigned width, unsigned guest_width, bool extended)
{
    put_page(b, width, 0xe0000001);
    put_vcpu_info(b, 0, 1);
    put_pv_tail_head(b);
    put_vcpu(b, guest_width, 0xa0, extended);
    put_shared_info(b);
}

#define PAGE     "PAGES e0000001 |\n"
#define BASIC_32 PAGE "BASIC 0 | 2800*a0\n"
#define BASIC_64 PAGE "BASIC 0 | 5168*a0\n"
#define EXTENDED "EXTENDED 0 | 128*a1\n"
#define PV_END   "SHARED_INFO 4096*51\nLIBXC_END\nEND\n"

static void the_vcpu_block_tells_the_guests_width(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        struct bytes b = {0}, blocks = {0};

        put_block(&blocks, "vcpu", CONTEXT_32);
        put_blocks_start(&b, width, &blocks);
        put_rest(&b, width, 4, false);
        check_reads(&b, width, GUEST_PV,
                    "BEGIN pv 10\nPV_INFO 4 3\nFRAMES 0+1/1 5\n" BASIC_32 PV_END);
        bytes_free(&b);
        bytes_free(&blocks);
    }
}

static void without_vcpu_block_it_is_the_toolstacks(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        struct bytes b = {0}, blocks = {0};

        put_block(&blocks, "extv", 0);
        put_blocks_start(&b, width, &blocks);
        put_rest(&b, width, width, true);
        check_reads(&b, width, GUEST_PV,
                    width == 8
                        ? "BEGIN pv 10\nPV_INFO 8 4\nFRAMES 0+1/1 5\n" BASIC_64 EXTENDED PV_END
                        : "BEGIN pv 10\nPV_INFO 4 3\nFRAMES 0+1/1 5\n" BASIC_32 EXTENDED PV_END);
        bytes_free(&b);
        bytes_free(&blocks);
    }
}

static void an_extended_info_may_be_empty(void)
{
    struct bytes b = {0}, none = {0};

    put_blocks_start(&b, 4, &none);
    put_rest(&b, 4, 4, false);
    check_reads(&b, 4, GUEST_PV, "BEGIN pv 10\nPV_INFO 4 3\nFRAMES 0+1/1 5\n" BASIC_32 PV_END);
    bytes_free(&b);
}

static void an_extended_info_may_be_missing(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        struct bytes b = {0};

        put_ulong(&b, width, 0x10);
        put_ulong(&b, width, 5);
        put_rest(&b, width, width, false);
        check_reads(&b, width, GUEST_PV,
                    width == 8 ? "BEGIN pv 10\nPV_INFO 8 4\nFRAMES 0+1/1 5\n" BASIC_64 PV_END
                               : "BEGIN pv 10\nPV_INFO 4 3\nFRAMES 0+1/1 5\n" BASIC_32 PV_END);
        bytes_free(&b);
    }
}

static void put_xcnt(struct bytes *blocks, uint32_t size)
{
    put_text(blocks, "xcnt");
    put_u32(blocks, 4);
    put_u32(blocks, size);
}

static void blocks_come_in_any_order_and_unknown_ones_are_skipped(void)
{
    struct bytes b = {0}, blocks = {0};
    struct recorder log;
    struct reading reading = {.options = {.width = 8, .guest = GUEST_PV}, .log = &log.log};

    put_block(&blocks, "\x01z9\xff", 100);
    put_block(&blocks, "extv", 20); /* any data of it is discarded, as Xen did */
    put_xcnt(&blocks, 64);
    put_block(&blocks, "vcpu", CONTEXT_64);
    put_block(&blocks, "last", 0);
    put_blocks_start(&b, 8, &blocks);
    put_page(&b, 8, 0xe0000001);
    put_vcpu_info(&b, 0, 1);
    put_pv_tail_head(&b);
    put_vcpu(&b, 8, 0xa0, true);
    put_u64(&b, 3);
    put_u64(&b, 32);
    put_fill(&b, 0xee, 32);
    put_shared_info(&b);
    recorder_start(&log);
    reading_run(&reading, &b);
    CHECK_TEXT(reading_text(&reading),
               "BEGIN pv 10\nPV_INFO 8 4\nFRAMES 0+1/1 5\n" BASIC_64 EXTENDED
               "XSAVE 0 | 32*ee\n" PV_END);
    CHECK(recorded(&log,
                   "W: byte 0x8: unknown extended info blocks skipped (Xen skips them, too): 2"));
    CHECK_INT(recorded(&log, "W: "), 1);
    recorder_free(&log);
    reading_free(&reading);
    bytes_free(&b);
    bytes_free(&blocks);
}

static void xcnt_zero_means_no_xsave(void)
{
    struct bytes b = {0}, blocks = {0};

    put_xcnt(&blocks, 0);
    put_blocks_start(&b, 4, &blocks);
    put_rest(&b, 4, 4, false);
    check_reads(&b, 4, GUEST_PV, "BEGIN pv 10\nPV_INFO 4 3\nFRAMES 0+1/1 5\n" BASIC_32 PV_END);
    bytes_free(&b);
    bytes_free(&blocks);
}

/* An invalid block after a valid one. Offsets: 8 for the marker, 4, 8 + 0. */
static void check_bad_block(const char *id, uint32_t size, const char *reason)
{
    struct bytes b = {0}, blocks = {0};

    put_block(&blocks, "extv", 0);
    put_block(&blocks, id, size);
    put_blocks_start(&b, 4, &blocks);
    put_rest(&b, 4, 4, false);
    check_fails(&b, 4, GUEST_PV, 4 + 4 + 4 + 8, reason);
    bytes_free(&b);
    bytes_free(&blocks);
}

static void bad_block_sizes(void)
{
    check_bad_block("vcpu", CONTEXT_32 - 1, "vcpu context has 2799 bytes");
    check_bad_block("vcpu", CONTEXT_32 + 1, "vcpu context has 2801 bytes");
    check_bad_block("vcpu", CONTEXT_64 - 4, "vcpu context has 5164 bytes");
    check_bad_block("vcpu", 0, "vcpu context has 0 bytes");
    check_bad_block("xcnt", 0, "xcnt block has 0 bytes");
    check_bad_block("xcnt", 3, "xcnt block has 3 bytes");
    check_bad_block("xcnt", 8, "xcnt block has 8 bytes");
}

/* An extended info of total bytes with one block that claims size of them. */
static void check_total(uint32_t total, const char *id, uint32_t size, uint64_t offset,
                        const char *reason)
{
    struct bytes b = {0};

    put_ulong(&b, 8, 0x10);
    put_ulong(&b, 8, UINT64_MAX);
    put_u32(&b, total);
    put_raw(&b, id, 4);
    put_u32(&b, size);
    put_fill(&b, 0, 20000);
    check_fails(&b, 8, GUEST_PV, offset, reason);
    bytes_free(&b);
}

static void blocks_beyond_the_total(void)
{
    check_total(7, "extv", 0, 20, "extended info ends with 7 bytes");
    check_total(1, "extv", 0, 20, "extended info ends with 1 bytes");
    check_total(12, "extv", 5, 20, "block has 5 bytes, but only 4");
    check_total(8 + CONTEXT_64 - 1, "vcpu", CONTEXT_64, 20, "block has 5168 bytes, but only 5167");
    check_total(100, "abcd", UINT32_MAX, 20, "block has 4294967295 bytes, but only 92");
    check_total(10, "extv", 0, 28, "extended info ends with 2 bytes");
    check_total(UINT32_MAX, "abcd", UINT32_MAX - 8, 28,
                "expected 4294967287 bytes of extended info block, input ended after 20000");
}

static void put_frames(struct bytes *b, unsigned width, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        put_ulong(b, width, 0x10 + i);
}

/* guest_width decides how many frames there are, width how large each entry is. */
static void check_frames(unsigned width, unsigned guest_width, uint32_t p2m_size, uint32_t frames,
                         const char *text)
{
    struct bytes b = {0}, blocks = {0};
    struct reading reading;

    put_ulong(&b, width, p2m_size);
    put_block(&blocks, "vcpu", guest_width == 8 ? CONTEXT_64 : CONTEXT_32);
    put_extended_info(&b, width, &blocks);
    put_frames(&b, width, frames);
    put_rest(&b, width, guest_width, false);
    reading = read_as(&b, width, GUEST_PV);
    CHECK_THAT(reading.ok, "%s", reading.err.reason);
    CHECK_CONTAINS(reading_text(&reading), text);
    reading_free(&reading);
    bytes_free(&b);
    bytes_free(&blocks);
}

static void the_frame_lists_length(void)
{
    check_frames(8, 8, 512, 1, "\nFRAMES 0+1/1 10\nPAGES");
    check_frames(8, 8, 513, 2, "\nFRAMES 0+2/2 10 11\nPAGES");
    check_frames(4, 4, 1024, 1, "\nFRAMES 0+1/1 10\nPAGES");
    check_frames(4, 4, 1025, 2, "\nFRAMES 0+2/2 10 11\nPAGES");
    check_frames(8, 4, 1024, 1, "\nFRAMES 0+1/1 10\nPAGES");
    check_frames(8, 4, 1025, 2, "\nFRAMES 0+2/2 10 11\nPAGES");
}

static void long_frame_lists_come_in_parts(void)
{
    check_frames(8, 8, 512 * 1024, 1024, "\nFRAMES 0+1024/1024 10 11 12 13 40f\nPAGES");
    check_frames(8, 8, 512 * 1024 + 1, 1025,
                 "\nFRAMES 0+1024/1025 10 11 12 13 40f\nFRAMES 1024+1/1025 410\nPAGES");
    check_frames(4, 4, 1024 * 2050, 2050,
                 "\nFRAMES 0+1024/2050 10 11 12 13 40f\n"
                 "FRAMES 1024+1024/2050 410 411 412 413 80f\n"
                 "FRAMES 2048+2/2050 810 811\nPAGES");
}

/* The first entry was already read, to check for a marker. */
static void long_frame_lists_without_extended_info(void)
{
    struct bytes b = {0};
    struct reading reading;

    put_ulong(&b, 4, UINT64_C(1024) * 1025);
    put_frames(&b, 4, 1025);
    put_rest(&b, 4, 4, false);
    reading = read_as(&b, 4, GUEST_PV);
    CHECK(reading.ok);
    CHECK_CONTAINS(reading_text(&reading), "FRAMES 0+1024/1025 10 11 12 13 40f\n"
                                           "FRAMES 1024+1/1025 410\nPAGES");
    reading_free(&reading);
    bytes_free(&b);
}

/* A list of 2^18 frames that is missing takes no memory and no time. */
static void frames_lie_below_p2m_size(void)
{
    struct bytes b = {0};

    put_ulong(&b, 8, 1024);
    put_ulong(&b, 8, 1023);
    put_ulong(&b, 8, 1024);
    put_rest(&b, 8, 8, false);
    check_fails(&b, 8, GUEST_PV, 16, "frame 0x400 is not below the guest's p2m_size 0x400");
    b.p[8] = b.p[9] = 0xfe; /* the first one, now above */
    check_fails(&b, 8, GUEST_PV, 8, "frame 0xfefe is not below the guest's p2m_size 0x400");
    bytes_free(&b);
}

static void a_missing_frame_list(void)
{
    struct bytes b = {0};

    put_ulong(&b, 4, 0x0fffffff);
    put_frames(&b, 4, 1500);
    check_fails(&b, 4, GUEST_PV, 4 + 4 * 1024,
                "expected 4096 bytes of the p2m frame list, input ended after 1904");
    bytes_free(&b);
}

CU_TestInfo reader_tests[] = {
    {"small HVM streams", small_hvm_streams},
    {"small PV streams", small_pv_streams},
    {"bulk left by the caller is skipped", bulk_left_by_the_caller_is_skipped},
    {"bulk that is missing fails when skipped", bulk_that_is_missing_fails_when_skipped},
    {"p2m_size has 28 bits", p2m_size_has_28_bits},
    {"the vcpu block tells the guest's width", the_vcpu_block_tells_the_guests_width},
    {"without vcpu block it is the toolstack's", without_vcpu_block_it_is_the_toolstacks},
    {"an extended info may be empty", an_extended_info_may_be_empty},
    {"an extended info may be missing", an_extended_info_may_be_missing},
    {"blocks come in any order and unknown ones are skipped",
     blocks_come_in_any_order_and_unknown_ones_are_skipped},
    {"xcnt zero means no xsave", xcnt_zero_means_no_xsave},
    {"bad block sizes", bad_block_sizes},
    {"blocks beyond the total", blocks_beyond_the_total},
    {"the frame list's length", the_frame_lists_length},
    {"long frame lists come in parts", long_frame_lists_come_in_parts},
    {"long frame lists without extended info", long_frame_lists_without_extended_info},
    {"frames lie below p2m_size", frames_lie_below_p2m_size},
    {"a missing frame list", a_missing_frame_list},
    CU_TEST_INFO_NULL,
};
