/*
 * legacy: what follows the body. PV: vcpus and their map; HVM: context and qemu record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "streams.h"
#include "transcript.h"

static struct reading read_as(const struct bytes *stream, enum guest_type guest, bool skip_qemu)
{
    struct reading reading = {.options = {.width = 8, .guest = guest, .skip_qemu = skip_qemu}};

    reading_run(&reading, stream);
    return reading;
}

static void check_text_of(const struct bytes *stream, enum guest_type guest, const char *text)
{
    struct reading reading = read_as(stream, guest, false);

    CHECK_THAT(reading.ok, "%s: %s", reading.err.place, reading.err.reason);
    CHECK_TEXT(reading_text(&reading), text);
    CHECK_INT(reading.fd_offset, stream->len);
    reading_free(&reading);
}

static void check_fails(const struct bytes *stream, enum guest_type guest, uint64_t offset,
                        const char *place, const char *reason)
{
    struct reading reading = read_as(stream, guest, false);

    CHECK(!reading.ok);
    CHECK_INT(reading.err.status, CLS_BAD_INPUT);
    CHECK(reading.err.about_input);
    CHECK_INT(reading.err.offset, offset);
    CHECK_TEXT(reading.err.place, place);
    CHECK_CONTAINS(reading.err.reason, reason);
    reading_free(&reading);
}

/* ---- PV ---- */

#define PAGE_TEXT "PAGES e0000001 |\n"
#define PV_START  "BEGIN pv 100\nPV_INFO 8 4\nFRAMES 0+1/1 77\n" PAGE_TEXT
#define PV_END    "SHARED_INFO 4096*51\nLIBXC_END\nEND\n"

/* No extended info, one page without content. */
static void put_plain_start(struct bytes *b)
{
    put_ulong(b, 8, 0x100);
    put_ulong(b, 8, 0x77);
    put_page(b, 8, 0xe0000001);
}
#define PLAIN_START (8 + 8 + 4 + 8)

/* Contexts a0, a1, a2, ... without extended ones, for n vcpus. */
static void put_vcpus(struct bytes *b, unsigned n)
{
    put_pv_tail_head(b);
    for (unsigned i = 0; i < n; i++)
        put_vcpu(b, 8, (uint8_t)(0xa0 + i), false);
    put_shared_info(b);
}

static void the_vcpu_map_may_have_holes(void)
{
    struct bytes b = {0};

    put_plain_start(&b);
    put_vcpu_info(&b, 5, 0x29);
    put_vcpus(&b, 3);
    check_text_of(&b, GUEST_PV,
                  PV_START "BASIC 0 | 5168*a0\nBASIC 3 | 5168*a1\n"
                           "BASIC 5 | 5168*a2\n" PV_END);
    bytes_free(&b);
}

static void map_bits_above_the_maximum_do_not_count(void)
{
    struct bytes b = {0};

    put_plain_start(&b);
    put_vcpu_info(&b, 1, UINT64_MAX);
    put_vcpus(&b, 2);
    check_text_of(&b, GUEST_PV, PV_START "BASIC 0 | 5168*a0\nBASIC 1 | 5168*a1\n" PV_END);
    bytes_free(&b);
}

static void maps_of_many_words(void)
{
    struct bytes b = {0};

    put_plain_start(&b);
    put_id(&b, -2);
    put_u32(&b, 128);
    put_u64(&b, 1);
    put_u64(&b, UINT64_C(1) << 63);
    put_u64(&b, 3); /* 128 and, above the maximum, 129 */
    put_vcpus(&b, 3);
    check_text_of(&b, GUEST_PV,
                  PV_START "BASIC 0 | 5168*a0\nBASIC 127 | 5168*a1\n"
                           "BASIC 128 | 5168*a2\n" PV_END);
    bytes_free(&b);
}

static void max_vcpu_id_is_bounded(void)
{
    static const uint32_t bad[] = {4096, 4097, INT32_MAX, 0x80000000, UINT32_MAX};
    struct bytes b = {0};

    put_plain_start(&b);
    put_vcpu_info(&b, 4095, 1);
    put_vcpus(&b, 1);
    check_text_of(&b, GUEST_PV, PV_START "BASIC 0 | 5168*a0\n" PV_END);
    bytes_free(&b);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        put_plain_start(&b);
        put_id(&b, -2);
        put_u32(&b, bad[i]);
        put_fill(&b, 0xff, 10000);
        check_fails(&b, GUEST_PV, PLAIN_START + 4, "XC_SAVE_ID_VCPU_INFO",
                    "is out of range (0 to 4095)");
        bytes_free(&b);
    }
}

static void a_second_vcpu_info_replaces_the_first(void)
{
    struct bytes b = {0};

    put_plain_start(&b);
    put_vcpu_info(&b, 100, 0xff);
    put_vcpu_info(&b, 2, 5);
    put_vcpus(&b, 2);
    check_text_of(&b, GUEST_PV, PV_START "BASIC 0 | 5168*a0\nBASIC 2 | 5168*a1\n" PV_END);
    bytes_free(&b);
}

/* VGCF_online, bit 5 of the flags behind 512 bytes of FPU state, is forced on, as the restore code
 * did. */
static void without_vcpu_info_there_is_vcpu_0_online(void)
{
    struct bytes b = {0};

    put_plain_start(&b);
    put_pv_tail_head(&b);
    put_vcpu(&b, 8, 0x11, false);
    put_shared_info(&b);
    check_text_of(&b, GUEST_PV, PV_START "BASIC 0 | 512*11,1*31,4655*11\n" PV_END);
    bytes_free(&b);

    put_plain_start(&b);
    put_vcpu_info(&b, 0, 1);
    put_pv_tail_head(&b);
    put_vcpu(&b, 8, 0x11, false);
    put_shared_info(&b);
    check_text_of(&b, GUEST_PV, PV_START "BASIC 0 | 5168*11\n" PV_END);
    bytes_free(&b);
}

static void a_guest_without_vcpu_0(void)
{
    struct bytes b = {0};

    put_plain_start(&b);
    put_vcpu_info(&b, 3, 0xe);
    put_vcpus(&b, 3);
    check_fails(&b, GUEST_PV, PLAIN_START + 20, "unmapped pfns",
                "vcpu map does not include vcpu 0");
    bytes_free(&b);
}

static void a_guest_without_pages(void)
{
    struct bytes b = {0};

    put_ulong(&b, 8, 0x100);
    put_ulong(&b, 8, 0x77);
    put_page(&b, 8, 0xf0000001);
    put_vcpus(&b, 1);
    check_fails(&b, GUEST_PV, 8 + 8 + 12 + 4, "unmapped pfns", "stream has no guest pages");
    bytes_free(&b);
}

static void unmapped_pfns_are_dropped(void)
{
    struct bytes b = {0};

    put_plain_start(&b);
    put_id(&b, 0);
    put_u32(&b, 1000);
    put_fill(&b, 0xee, 8000);
    put_vcpu(&b, 8, 0xa0, false);
    put_shared_info(&b);
    check_text_of(&b, GUEST_PV, PV_START "BASIC 0 | 5168*a0\n" PV_END);
    bytes_free(&b);
}

static void too_many_unmapped_pfns(void)
{
    struct bytes b = {0};

    put_plain_start(&b);
    put_id(&b, 0);
    put_u32(&b, (1u << 28) + 1);
    put_fill(&b, 0, 10000);
    check_fails(&b, GUEST_PV, PLAIN_START + 4, "unmapped pfns",
                "count 268435457 of unmapped pfns is above");
    put_le32(b.p + PLAIN_START + 4, 1u << 28); /* valid, but missing */
    check_fails(&b, GUEST_PV, PLAIN_START + 8, "unmapped pfns",
                "expected 2147483648 bytes of unmapped pfns, input ended after 10000");
    bytes_free(&b);
}

static void put_xsave(struct bytes *b, uint64_t mask, uint64_t size, uint8_t value)
{
    put_u64(b, mask);
    put_u64(b, size);
    put_fill(b, value, (size_t)size);
}

static void put_xsave_start(struct bytes *b, uint32_t xcnt)
{
    struct bytes blocks = {0};

    put_ulong(b, 8, 0x100);
    put_block(&blocks, "vcpu", CONTEXT_64);
    put_text(&blocks, "xcnt");
    put_u32(&blocks, 4);
    put_u32(&blocks, xcnt);
    put_extended_info(b, 8, &blocks);
    put_ulong(b, 8, 0x77);
    put_page(b, 8, 0xe0000001);
    bytes_free(&blocks);
}

/* "xcnt" announces 100 bytes each, but the length in each record counts. */
static void xsave_records_have_their_own_sizes(void)
{
    struct bytes b = {0};

    put_xsave_start(&b, 100);
    put_vcpu_info(&b, 2, 7);
    put_pv_tail_head(&b);
    put_vcpu(&b, 8, 0xa0, false);
    put_xsave(&b, 7, 848, 0xb0);
    put_vcpu(&b, 8, 0xa1, false);
    put_xsave(&b, 3, 16, 0xb1);
    put_vcpu(&b, 8, 0xa2, false);
    put_xsave(&b, UINT64_MAX, 16 + 16384, 0xb2);
    put_shared_info(&b);
    check_text_of(&b, GUEST_PV,
                  PV_START "BASIC 0 | 5168*a0\nXSAVE 0 | 848*b0\n"
                           "BASIC 1 | 5168*a1\nXSAVE 1 | 16*b1\n"
                           "BASIC 2 | 5168*a2\nXSAVE 2 | 16400*b2\n" PV_END);
    bytes_free(&b);
}

static void xsave_sizes_are_bounded(void)
{
    static const uint64_t bad[] = {0, 1, 15, 16401, UINT32_MAX, UINT64_C(0x1000000010), UINT64_MAX};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bytes b = {0};
        uint64_t offset;

        put_xsave_start(&b, 1000);
        put_pv_tail_head(&b);
        put_vcpu(&b, 8, 0xa0, false);
        offset = b.len + 8;
        put_u64(&b, 7);
        put_u64(&b, bad[i]);
        put_fill(&b, 0, 30000);
        check_fails(&b, GUEST_PV, offset, "vcpu 0 xsave", "is out of range (16 to 16400)");
        bytes_free(&b);
    }
}

static void truncated_vcpus_name_their_place(void)
{
    struct bytes b = {0};

    put_pv_start(&b, 8, 8, 0x100);
    put_page(&b, 8, 0xe0000001);
    put_vcpu_info(&b, 9, 0x201);
    put_pv_tail_head(&b);
    put_vcpu(&b, 8, 0xa0, true);
    put_vcpu(&b, 8, 0xa1, true);
    b.len -= 28;
    check_fails(&b, GUEST_PV, b.len - 100, "vcpu 9 extended context",
                "expected 128 bytes of an extended vcpu context, input ended after 100");
    b.len -= 101;
    check_fails(&b, GUEST_PV, b.len - 5167, "vcpu 9 context",
                "expected 5168 bytes of a vcpu context, input ended after 5167");
    bytes_free(&b);
}

/* A 32-bit guest without extended info: only its page tables tell whether it is PAE. */
static void check_levels(const uint32_t *entries, uint32_t count, bool good)
{
    struct reading reading = {.options = {.width = 4, .guest = GUEST_PV}};
    struct bytes b = {0};

    put_ulong(&b, 4, 0x100);
    put_ulong(&b, 4, 0x77);
    put_batch(&b, 4, entries, count);
    put_pv_tail_head(&b);
    put_vcpu(&b, 4, 0xa0, false);
    put_shared_info(&b);
    reading_run(&reading, &b);
    CHECK_INT(reading.ok, good);
    if (!good)
        CHECK_CONTAINS(reading.err.reason, "guest uses 2-level page tables");
    reading_free(&reading);
    bytes_free(&b);
}

static void guests_with_two_levels_are_rejected(void)
{
    static const uint32_t none[] = {0x00000001}, pae[] = {0x20000001, 0xb0000002},
                          plain_l3[] = {0xa0000001, 0x30000002}, two[] = {0x10000001, 0x20000002},
                          pinned[] = {0xa0000001};

    check_levels(none, 1, true);
    check_levels(pae, 2, true);
    check_levels(plain_l3, 2, true);
    check_levels(two, 2, false);
    check_levels(pinned, 1, false);
}

/* ---- HVM ---- */

#define HVM_START "BEGIN hvm 100\n" HVM_TAIL_TEXT

static void put_hvm_start(struct bytes *b)
{
    put_ulong(b, 8, 0x100);
    put_hvm_tail(b);
}

static void hvm_context_length_is_bounded(void)
{
    static const uint32_t bad[] = {0, 128u * 1024 * 1024 + 1, UINT32_MAX};
    struct bytes b = {0};

    put_ulong(&b, 8, 0x100);
    put_id(&b, 0);
    put_fill(&b, 0, 24);
    for (size_t i = 0; i < 3; i++) {
        b.len = 36;
        put_u32(&b, bad[i]);
        put_fill(&b, 0, 1000);
        check_fails(&b, GUEST_HVM, 36, "HVM context", "is out of range (1 to 134217728)");
    }
    b.len = 36;
    put_u32(&b, 128u * 1024 * 1024);
    put_fill(&b, 0, 1000);
    check_fails(&b, GUEST_HVM, 40, "HVM context",
                "expected 134217728 bytes of bulk, input ended after 1000");
    bytes_free(&b);
}

/* The signatures with a little-endian length. */
static void check_sized_record(const char *signature, uint32_t len)
{
    struct bytes b = {0};
    char text[400];

    put_hvm_start(&b);
    put_text(&b, signature);
    put_u32(&b, len);
    put_fill(&b, 0xd0, len);
    if (len == 0)
        snprintf(text, sizeof(text), HVM_START "EMULATOR %s[00][00][00][00] |\nEND\n", signature);
    else
        snprintf(text, sizeof(text), HVM_START "EMULATOR %s[02][01][00][00] | 258*d0\nEND\n",
                 signature);
    check_text_of(&b, GUEST_HVM, text);
    bytes_free(&b);
}

static void records_with_a_length(void)
{
    check_sized_record("DeviceModelRecord0002", 258);
    check_sized_record("RemusDeviceModelState", 258);
    check_sized_record("DeviceModelRecord0002", 0);
}

static void a_record_with_a_length_ends_there(void)
{
    struct reading reading;
    struct bytes b = {0};

    put_hvm_start(&b);
    put_qemu(&b);
    put_text(&b, "somebody else's");
    reading = read_as(&b, GUEST_HVM, false);
    CHECK(reading.ok);
    CHECK_INT(reading.fd_offset, b.len - 15);
    reading_free(&reading);
    bytes_free(&b);
}

static void xapis_record_has_a_big_endian_length(void)
{
    struct bytes b = {0};

    put_hvm_start(&b);
    put_text(&b, "QemuDeviceModelRecord\n");
    put_hex(&b, "00000102");
    put_fill(&b, 0xd0, 258);
    check_text_of(&b, GUEST_HVM,
                  HVM_START "EMULATOR QemuDeviceModelRecord[0a][00][00][01][02] | 258*d0\nEND\n");
    bytes_free(&b);
}

static void xends_record_extends_to_the_end(void)
{
    struct bytes b = {0};

    put_hvm_start(&b);
    put_text(&b, "QemuDeviceModelRecordQEVM");
    put_fill(&b, 0xd0, 600000);
    check_text_of(&b, GUEST_HVM,
                  HVM_START "EMULATOR QemuDeviceModelRecord | "
                            "1*51,1*45,1*56,1*4d,600000*d0\nEND\n");
    bytes_free(&b);
}

static void xends_record_begins_with_qemus_magic(void)
{
    struct bytes b = {0};

    put_hvm_start(&b);
    put_text(&b, "QemuDeviceModelRecordQEVN");
    put_fill(&b, 0xd0, 100);
    check_fails(&b, GUEST_HVM, b.len - 104, "qemu record", "data does not begin with QEVM");
    b.len -= 101; /* "QEV" */
    check_fails(&b, GUEST_HVM, b.len - 3, "qemu record", "data does not begin with QEVM");
    b.len -= 3;
    check_fails(&b, GUEST_HVM, b.len, "qemu record", "data does not begin with QEVM");
    bytes_free(&b);
}

static void xends_record_is_bounded(void)
{
    struct bytes b = {0};

    put_hvm_start(&b);
    put_text(&b, "QemuDeviceModelRecordQEVM");
    put_fill(&b, 0xd0, 16 * 1024 * 1024 + 300000);
    check_fails(&b, GUEST_HVM, 8 + 35 + 21, "qemu record", "is longer than 16777216 bytes");
    bytes_free(&b);
}

static void record_lengths_are_bounded(void)
{
    struct bytes b = {0};

    put_hvm_start(&b);
    put_text(&b, "DeviceModelRecord0002");
    put_u32(&b, 256u * 1024 * 1024 + 1);
    check_fails(&b, GUEST_HVM, b.len - 4, "qemu record",
                "length 268435457 is above the maximum 268435456");
    b.len -= 4;
    put_u32(&b, UINT32_MAX);
    check_fails(&b, GUEST_HVM, b.len - 4, "qemu record",
                "length 4294967295 is above the maximum 268435456");
    b.len -= 4;
    put_u32(&b, 1000);
    put_text(&b, "QEVM");
    check_fails(&b, GUEST_HVM, b.len - 4, "qemu record",
                "expected 1000 bytes of bulk, input ended after 4");
    bytes_free(&b);
}

static void a_missing_or_unknown_record(void)
{
    struct bytes b = {0};

    put_hvm_start(&b);
    check_fails(&b, GUEST_HVM, b.len, "qemu record",
                "expected 21 bytes of the qemu record's signature, input ended after 0");
    put_text(&b, "DeviceModelRecord0003xxxxxxxx");
    check_fails(&b, GUEST_HVM, b.len - 29, "qemu record", "unknown QEMU record signature");
    bytes_free(&b);
}

static void skip_qemu_leaves_the_record(void)
{
    struct bytes b = {0};
    struct reading reading;
    size_t end;

    put_hvm_start(&b);
    end = b.len;
    put_text(&b, "QemuDeviceModelRecord\n");
    reading = read_as(&b, GUEST_HVM, true);
    CHECK(reading.ok);
    CHECK_TEXT(reading_text(&reading), HVM_START "END\n");
    CHECK_INT(reading.end_offset, end);
    CHECK_INT(reading.fd_offset, end);
    reading_free(&reading);
    bytes_free(&b);
}

static void skip_qemu_leaves_it_in_a_pipe(void)
{
    struct reading reading = {.options = {.width = 8, .guest = GUEST_HVM, .skip_qemu = true}};
    struct bytes b = {0}, rest = {0};
    int fds[2];

    put_hvm_start(&b);
    put_text(&b, "theirs");
    CHECK(pipe(fds) == 0);
    CHECK_INT(write(fds[1], b.p, b.len), b.len);
    close(fds[1]);
    reading_run_fd(&reading, fds[0]);
    CHECK(reading.ok);
    read_to_end(fds[0], &rest);
    CHECK_INT(rest.len, 6);
    CHECK(rest.len == 6 && memcmp(rest.p, "theirs", 6) == 0);
    close(fds[0]);
    reading_free(&reading);
    bytes_free(&rest);
    bytes_free(&b);
}

static void magic_pfns_follow_the_chunks(void)
{
    struct bytes b = {0};

    put_ulong(&b, 8, 0x100);
    put_param(&b, -8, 0xfe);
    put_hvm_tail(&b);
    put_qemu(&b);
    check_text_of(&b, GUEST_HVM, "BEGIN hvm 100\nPARAMS 17=fe\n" HVM_TAIL_TEXT QEMU_TEXT "END\n");
    bytes_free(&b);
}

CU_TestInfo tails_tests[] = {
    {"the vcpu map may have holes", the_vcpu_map_may_have_holes},
    {"map bits above the maximum do not count", map_bits_above_the_maximum_do_not_count},
    {"maps of many words", maps_of_many_words},
    {"max_vcpu_id is bounded", max_vcpu_id_is_bounded},
    {"a second VCPU_INFO replaces the first", a_second_vcpu_info_replaces_the_first},
    {"without VCPU_INFO there is vcpu 0, online", without_vcpu_info_there_is_vcpu_0_online},
    {"a guest without vcpu 0", a_guest_without_vcpu_0},
    {"a guest without pages", a_guest_without_pages},
    {"unmapped pfns are dropped", unmapped_pfns_are_dropped},
    {"too many unmapped pfns", too_many_unmapped_pfns},
    {"xsave records have their own sizes", xsave_records_have_their_own_sizes},
    {"xsave sizes are bounded", xsave_sizes_are_bounded},
    {"truncated vcpus name their place", truncated_vcpus_name_their_place},
    {"guests with two levels are rejected", guests_with_two_levels_are_rejected},
    {"HVM context length is bounded", hvm_context_length_is_bounded},
    {"records with a length", records_with_a_length},
    {"a record with a length ends there", a_record_with_a_length_ends_there},
    {"XAPI's record has a big-endian length", xapis_record_has_a_big_endian_length},
    {"xend's record extends to the end", xends_record_extends_to_the_end},
    {"xend's record begins with qemu's magic", xends_record_begins_with_qemus_magic},
    {"xend's record is bounded", xends_record_is_bounded},
    {"record lengths are bounded", record_lengths_are_bounded},
    {"a missing or unknown record", a_missing_or_unknown_record},
    {"skip_qemu leaves the record", skip_qemu_leaves_the_record},
    {"skip_qemu leaves it in a pipe", skip_qemu_leaves_it_in_a_pipe},
    {"magic pfns follow the chunks", magic_pfns_follow_the_chunks},
    CU_TEST_INFO_NULL,
};
