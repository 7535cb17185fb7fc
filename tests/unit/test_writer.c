/*
 * v2: items made by hand become the bytes that the specification spells (formats.md 6.1, 6.2).
 */
#include "v2/writer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

#define LIBXL_START "4c6962786c466d74 00000002 00000002 01000000 00000000"
#define END_RECORD  "00000000 00000000"

struct writing {
    struct cls_output out;
    struct v2_writer writer;
    struct cls_error err;
    struct bytes wanted;
    int fd;
};

static void start(struct writing *w, enum v2_format format, unsigned version)
{
    memset(w, 0, sizeof(*w));
    w->fd = memfd_of(NULL, 0);
    cls_output_init(&w->out, w->fd, "out", NULL);
    v2_writer_init(&w->writer, &w->out, &(struct v2_options){.format = format, .version = version});
}

static void put(struct writing *w, struct image_item item)
{
    CHECK_THAT(v2_writer_put(&w->writer, &item, &w->err), "%s", w->err.reason);
}

/* Compares the output with the expected bytes. */
static void finish(struct writing *w)
{
    struct bytes got = {0};

    CHECK(cls_output_flush(&w->out, &w->err));
    CHECK_INT(w->out.offset, w->wanted.len);
    lseek(w->fd, 0, SEEK_SET);
    read_to_end(w->fd, &got);
    CHECK_BYTES(got.p, got.len, &w->wanted);
    close(w->fd);
    bytes_free(&got);
    bytes_free(&w->wanted);
}

static void check_item(struct image_item item, const char *hex)
{
    struct writing w;

    start(&w, V2_LIBXC, 2);
    put(&w, item);
    put_hex(&w.wanted, hex);
    finish(&w);
}

static struct image_item begin(enum guest_type guest)
{
    return (struct image_item){.kind = IMAGE_BEGIN, .begin = {.guest = guest, .p2m_size = 0x100}};
}

static void image_and_domain_headers(void)
{
    check_item(begin(GUEST_PV), "ffffffffffffffff 58454e46 00000002 0000 000000000000"
                                "01000000 0c00 0000 00000000 01000000");
    check_item(begin(GUEST_HVM), "ffffffffffffffff 58454e46 00000002 0000 000000000000"
                                 "02000000 0c00 0000 00000000 01000000");
}

static void version_3_ends_its_static_data(void)
{
    struct writing w;

    start(&w, V2_LIBXC, 3);
    put(&w, begin(GUEST_HVM));
    put_hex(&w.wanted, "ffffffffffffffff 58454e46 00000003 0000 000000000000"
                       "02000000 0c00 0000 00000000 01000000 10000000 00000000");
    finish(&w);

    start(&w, V2_LIBXC, 3);
    put(&w, begin(GUEST_PV));
    put(&w, (struct image_item){.kind = IMAGE_PV_INFO, .pv_info = {8, 4}});
    put_hex(&w.wanted, "ffffffffffffffff 58454e46 00000003 0000 000000000000"
                       "01000000 0c00 0000 00000000 01000000"
                       "02000000 08000000 08 04 000000000000 10000000 00000000");
    finish(&w);
}

static void libxls_header_comes_first(void)
{
    struct writing w;

    start(&w, V2_LIBXL, 2);
    put(&w, begin(GUEST_PV));
    put_hex(&w.wanted, LIBXL_START);
    put_hex(&w.wanted, "ffffffffffffffff 58454e46 00000002 0000 000000000000"
                       "01000000 0c00 0000 00000000 01000000");
    finish(&w);
}

static void the_start_may_be_written_before_all_else(void)
{
    uint8_t bytes[V2_LIBXL_START];
    struct writing w;

    start(&w, V2_LIBXL, 3);
    CHECK(v2_writer_start(&w.writer, &w.err));
    CHECK_INT(w.out.offset, V2_LIBXL_START);
    put(&w, begin(GUEST_HVM));
    put_hex(&w.wanted, LIBXL_START);
    v2_libxl_start(bytes);
    CHECK_BYTES(bytes, sizeof(bytes), &w.wanted);
    put_hex(&w.wanted, "ffffffffffffffff 58454e46 00000003 0000 000000000000"
                       "02000000 0c00 0000 00000000 01000000 10000000 00000000");
    finish(&w);

    start(&w, V2_LIBXC, 3);
    CHECK(v2_writer_start(&w.writer, &w.err));
    finish(&w);
}

static void pv_info(void)
{
    check_item((struct image_item){.kind = IMAGE_PV_INFO, .pv_info = {4, 3}},
               "02000000 08000000 04 03 000000000000");
}

static void p2m_frames(void)
{
    static const uint64_t frames[] = {0x11, 0x0fedcba9, 0x33};

    check_item(
        (struct image_item){.kind = IMAGE_P2M_FRAMES, .p2m_frames = {0x501, 3, 0, 3, frames}},
        "03000000 20000000 00000000 00050000"
        "1100000000000000 a9cbed0f00000000 3300000000000000");
}

static void p2m_frames_in_parts_are_one_record(void)
{
    static const uint64_t frames[] = {1, 2, 3};
    struct writing w;

    start(&w, V2_LIBXC, 2);
    put(&w, (struct image_item){.kind = IMAGE_P2M_FRAMES, .p2m_frames = {0x600, 3, 0, 2, frames}});
    put(&w,
        (struct image_item){.kind = IMAGE_P2M_FRAMES, .p2m_frames = {0x600, 3, 2, 1, frames + 2}});
    put_hex(&w.wanted, "03000000 20000000 00000000 ff050000"
                       "0100000000000000 0200000000000000 0300000000000000");
    finish(&w);
}

static void page_data_from_memory(void)
{
    static const uint32_t entries[] = {0x0fffffff, 0xb0000001, 0xe0000002};
    struct bytes pages = {0};
    struct writing w;

    put_pattern(&pages, 8192);
    start(&w, V2_LIBXC, 2);
    put(&w, (struct image_item){.kind = IMAGE_PAGES, .pages = {3, entries, {8192, pages.p, NULL}}});
    put_hex(&w.wanted, "01000000 20200000 03000000 00000000"
                       "ffffff0f00000000 01000000000000b0 02000000000000e0");
    put_bytes(&w.wanted, &pages);
    finish(&w);
    bytes_free(&pages);
}

static void page_data_from_the_input(void)
{
    static const uint32_t entries[] = {0x00000005};
    struct bytes input = {0};
    struct cls_input in;
    struct writing w;
    int fd;

    put_text(&input, "before");
    put_pattern(&input, 4096);
    put_text(&input, "behind");
    fd = memfd_of(input.p, input.len);
    cls_input_init(&in, fd, "in", 0, NULL);
    start(&w, V2_LIBXC, 2);
    CHECK(cls_input_skip(&in, 6, "before", &w.err));
    put(&w, (struct image_item){.kind = IMAGE_PAGES, .pages = {1, entries, {4096, NULL, &in}}});
    CHECK_INT(in.offset, 6 + 4096);
    put_hex(&w.wanted, "01000000 10100000 01000000 00000000 0500000000000000");
    put_raw(&w.wanted, input.p + 6, 4096);
    finish(&w);
    cls_input_release(&in);
    close(fd);
    bytes_free(&input);
}

static void page_data_without_content(void)
{
    static const uint32_t entries[] = {0xd0000001, 0xe0000002};

    check_item((struct image_item){.kind = IMAGE_PAGES, .pages = {2, entries, {0}}},
               "01000000 18000000 02000000 00000000 01000000000000d0 02000000000000e0");
}

static void the_largest_batch(void)
{
    static uint32_t entries[CLS_BATCH_MAX];
    struct bytes pages = {0};
    struct writing w;

    put_pattern(&pages, (size_t)CLS_BATCH_MAX * 4096);
    start(&w, V2_LIBXC, 2);
    put_hex(&w.wanted, "01000000 08204000 00040000 00000000");
    for (uint32_t i = 0; i < CLS_BATCH_MAX; i++) {
        entries[i] = 0x10000000 | i;
        put_u64(&w.wanted, UINT64_C(0x1000000000000000) | i);
    }
    put_bytes(&w.wanted, &pages);
    put(&w, (struct image_item){.kind = IMAGE_PAGES,
                                .pages = {CLS_BATCH_MAX, entries, {pages.len, pages.p, NULL}}});
    finish(&w);
    bytes_free(&pages);
}

static void tsc_info(void)
{
    check_item((struct image_item){.kind = IMAGE_TSC_INFO,
                                   .tsc_info = {.mode = 0x01020304,
                                                .khz = 0x11121314,
                                                .incarnation = 0x21222324,
                                                .nsec = UINT64_C(0x3132333435363738)}},
               "08000000 18000000 04030201 14131211 3837363534333231 24232221 00000000");
}

static void hvm_params(void)
{
    static const struct image_hvm_param params[] = {{12, UINT64_C(0xf1f2f3f4f5f6f7f8)}, {36, 1}};

    check_item((struct image_item){.kind = IMAGE_HVM_PARAMS, .hvm_params = {2, params}},
               "0a000000 28000000 02000000 00000000 0c00000000000000 f8f7f6f5f4f3f2f1"
               "2400000000000000 0100000000000000");
}

static void records_are_padded_to_8(void)
{
    static const char *const hex[] = {"09000000 01000000 a100000000000000",
                                      "09000000 02000000 a1a2000000000000",
                                      "09000000 03000000 a1a2a30000000000",
                                      "09000000 04000000 a1a2a3a400000000",
                                      "09000000 05000000 a1a2a3a4a5000000",
                                      "09000000 06000000 a1a2a3a4a5a60000",
                                      "09000000 07000000 a1a2a3a4a5a6a700",
                                      "09000000 08000000 a1a2a3a4a5a6a7a8",
                                      "09000000 09000000 a1a2a3a4a5a6a7a8 a900000000000000"};
    static const uint8_t data[] = {0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9};

    for (size_t n = 1; n <= sizeof(data); n++)
        check_item((struct image_item){.kind = IMAGE_HVM_CONTEXT, .data = {n, data, NULL}},
                   hex[n - 1]);
}

static void vcpu_records(void)
{
    static const uint8_t data[] = {0xc1, 0xc2, 0xc3};
    struct image_vcpu vcpu = {.id = 0x0102, .data = {3, data, NULL}};

    check_item((struct image_item){.kind = IMAGE_VCPU_BASIC, .vcpu = vcpu},
               "04000000 0b000000 02010000 00000000 c1c2c30000000000");
    check_item((struct image_item){.kind = IMAGE_VCPU_EXTENDED, .vcpu = vcpu},
               "05000000 0b000000 02010000 00000000 c1c2c30000000000");
    check_item((struct image_item){.kind = IMAGE_VCPU_XSAVE, .vcpu = vcpu},
               "06000000 0b000000 02010000 00000000 c1c2c30000000000");
}

static void shared_info_and_end(void)
{
    static const uint8_t page[4096] = {1};
    struct writing w;

    start(&w, V2_LIBXC, 2);
    put(&w, (struct image_item){.kind = IMAGE_SHARED_INFO, .data = {4096, page, NULL}});
    put(&w, (struct image_item){.kind = IMAGE_LIBXC_END});
    put(&w, (struct image_item){.kind = IMAGE_END});
    put_hex(&w.wanted, "07000000 00100000 01");
    put_fill(&w.wanted, 0, 4095);
    put_hex(&w.wanted, END_RECORD);
    finish(&w);
}

static void libxl_has_an_end_of_its_own(void)
{
    struct writing w;

    start(&w, V2_LIBXL, 2);
    put(&w, (struct image_item){.kind = IMAGE_LIBXC_END});
    put(&w, (struct image_item){.kind = IMAGE_END});
    put_hex(&w.wanted, END_RECORD END_RECORD);
    finish(&w);
}

/* Two entries: one with a name, one without. */
static void next_entry(const void *ctx, size_t *pos, struct image_physmap_entry *entry)
{
    static const struct image_physmap_entry entries[] = {
        {UINT64_C(0xfedcba9876543210), 0xf0000000, 0x800000, "vga.vram"}, {0, 0xABC, 0, NULL}};

    (void)ctx;
    *entry = entries[(*pos)++];
}

static void physmap_strings(void)
{
    static const char strings[] = "physmap/fedcba9876543210/start_addr\0f0000000\0"
                                  "physmap/fedcba9876543210/size\0"
                                  "800000\0"
                                  "physmap/fedcba9876543210/name\0vga.vram\0"
                                  "physmap/0/start_addr\0abc\0"
                                  "physmap/0/size\0"
                                  "0";
    struct image_item item = {.kind = IMAGE_PHYSMAP, .physmap = {2, next_entry, NULL}};
    struct writing w;

    start(&w, V2_LIBXL, 2);
    put(&w, item);
    put_u32(&w.wanted, 2);
    put_u32(&w.wanted, 8 + sizeof(strings));
    put_hex(&w.wanted, "00000000 00000000");
    put_raw(&w.wanted, strings, sizeof(strings));
    put_fill(&w.wanted, 0, (8 - w.wanted.len % 8) % 8);
    finish(&w);

    start(&w, V2_LIBXC, 2); /* libxc has no record for it */
    put(&w, item);
    finish(&w);
}

static void emulator_records(void)
{
    static const uint8_t lead[] = {'S', 'I', 'G', 5, 0, 0, 0}, data[] = {1, 2, 3, 4, 5};
    struct image_item item = {.kind = IMAGE_EMULATOR,
                              .emulator = {lead, sizeof(lead), {5, data, NULL}}};
    struct writing w;

    start(&w, V2_LIBXL, 2);
    put(&w, item);
    put_hex(&w.wanted, "03000000 0d000000 00000000 00000000 0102030405000000");
    finish(&w);

    start(&w, V2_LIBXC, 2); /* unchanged, without padding */
    put(&w, item);
    put_hex(&w.wanted, "534947 05000000 0102030405");
    finish(&w);
}

static void an_emulator_without_data(void)
{
    static const uint8_t lead[] = {'S', 0, 0, 0, 0};
    struct image_item item = {.kind = IMAGE_EMULATOR, .emulator = {lead, 5, {0}}};
    struct writing w;

    start(&w, V2_LIBXL, 2);
    put(&w, item);
    put_hex(&w.wanted, "03000000 08000000 00000000 00000000");
    finish(&w);
}

static void bulk_that_ends_early(void)
{
    struct image_item item = {.kind = IMAGE_SHARED_INFO};
    struct cls_input in;
    struct writing w;
    int fd = memfd_of((const uint8_t *)"short", 5);

    cls_input_init(&in, fd, "in", 0, NULL);
    cls_input_at(&in, "shared info", -1, NULL);
    item.data = (struct image_data){4096, NULL, &in};
    start(&w, V2_LIBXC, 2);
    CHECK(!v2_writer_put(&w.writer, &item, &w.err));
    CHECK_INT(w.err.status, CLS_BAD_INPUT);
    CHECK(w.err.about_input);
    CHECK_TEXT(w.err.place, "shared info");
    CHECK_TEXT(w.err.reason, "expected 4096 bytes of data, input ended after 5");
    close(w.fd);
    cls_input_release(&in);
    close(fd);
}

static void values_beyond_32_bits(void)
{
    static const uint8_t byte[1];
    struct image_item item = {.kind = IMAGE_HVM_CONTEXT,
                              .data = {UINT64_C(0x100000000), byte, NULL}};
    struct writing w;

    start(&w, V2_LIBXC, 2);
    CHECK(!v2_writer_put(&w.writer, &item, &w.err));
    CHECK_INT(w.err.status, CLS_BAD_INPUT);
    CHECK_INT(w.out.offset, 0);
    close(w.fd);
}

CU_TestInfo writer_tests[] = {
    {"image and domain headers", image_and_domain_headers},
    {"version 3 ends its static data", version_3_ends_its_static_data},
    {"libxl's header comes first", libxls_header_comes_first},
    {"the start may be written before all else", the_start_may_be_written_before_all_else},
    {"PV info", pv_info},
    {"p2m frames", p2m_frames},
    {"p2m frames in parts are one record", p2m_frames_in_parts_are_one_record},
    {"page data from memory", page_data_from_memory},
    {"page data from the input", page_data_from_the_input},
    {"page data without content", page_data_without_content},
    {"the largest batch", the_largest_batch},
    {"TSC info", tsc_info},
    {"HVM params", hvm_params},
    {"records are padded to 8", records_are_padded_to_8},
    {"vcpu records", vcpu_records},
    {"shared info and end", shared_info_and_end},
    {"libxl has an end of its own", libxl_has_an_end_of_its_own},
    {"physmap strings", physmap_strings},
    {"emulator records", emulator_records},
    {"an emulator without data", an_emulator_without_data},
    {"bulk that ends early", bulk_that_ends_early},
    {"values beyond 32 bits", values_beyond_32_bits},
    CU_TEST_INFO_NULL,
};
