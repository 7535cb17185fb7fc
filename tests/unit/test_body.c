/*
 * legacy: the chunks of the body.
 */
#include <stdio.h>
#include <string.h>

#include "streams.h"
#include "transcript.h"

/* A stream whose body the test writes; the start and the tail are always the same. */
struct body {
    unsigned width;
    enum guest_type guest;
    struct bytes b;
    struct recorder log;
    struct reading reading;
};

#define HVM_START "BEGIN hvm 100\n"
#define HVM_REST  HVM_TAIL_TEXT QEMU_TEXT "END\n"
#define PV_START  "BEGIN pv 100\nPV_INFO 8 4\nFRAMES 0+1/1 77\n"
#define PV_REST   "BASIC 0 | 5168*a0\nEXTENDED 0 | 128*a1\nSHARED_INFO 4096*51\nLIBXC_END\nEND\n"

static void start(struct body *body, unsigned width, enum guest_type guest)
{
    *body = (struct body){.width = width, .guest = guest};
    if (guest == GUEST_PV)
        put_pv_start(&body->b, width, 8, 0x100);
    else
        put_ulong(&body->b, width, 0x100);
}

static void run(struct body *body)
{
    recorder_start(&body->log);
    body->reading = (struct reading){.options = {.width = body->width, .guest = body->guest},
                                     .log = &body->log.log};
    reading_run(&body->reading, &body->b);
}

static void finish(struct body *body)
{
    reading_free(&body->reading);
    recorder_free(&body->log);
    bytes_free(&body->b);
}

static void check_items(struct body *body, const char *text)
{
    if (body->guest == GUEST_PV) {
        put_pv_tail_head(&body->b);
        put_vcpu(&body->b, 8, 0xa0, true);
        put_shared_info(&body->b);
    } else {
        put_hvm_tail(&body->b);
        put_qemu(&body->b);
    }
    run(body);
    CHECK_THAT(body->reading.ok, "%s: %s", body->reading.err.place, body->reading.err.reason);
    CHECK_TEXT(reading_text(&body->reading), text);
    CHECK_INT(body->reading.fd_offset, body->b.len);
}

/* Zeros follow, so that it does not fail because of truncation. */
static void check_fails(struct body *body, uint64_t offset, const char *place, const char *reason)
{
    put_fill(&body->b, 0, 20000);
    run(body);
    CHECK(!body->reading.ok);
    CHECK_INT(body->reading.err.status, CLS_BAD_INPUT);
    CHECK(body->reading.err.about_input);
    CHECK_INT(body->reading.err.offset, offset);
    CHECK_TEXT(body->reading.err.place, place);
    CHECK_CONTAINS(body->reading.err.reason, reason);
    finish(body);
}

static void every_page_type(void)
{
    static const uint32_t entries[] = {0x00000001, 0x10000002, 0x20000003, 0x30000004,
                                       0x40000005, 0x90000006, 0xa0000007, 0xb0000008,
                                       0xc0000009, 0xd000000a, 0xe000000b, 0xf000000c};

    for (unsigned width = 4; width <= 8; width += 4) {
        struct body body;

        start(&body, width, GUEST_HVM);
        put_batch(&body.b, width, entries, 12);
        check_items(&body, HVM_START "PAGES 00000001 10000002 20000003 30000004 40000005 90000006 "
                                     "a0000007 b0000008 e000000b | 4096*01,4096*02,4096*03,4096*04,"
                                     "4096*05,4096*06,4096*07,4096*08,4096*09\n" HVM_REST);
        finish(&body);
    }
}

static void bogus_page_types(void)
{
    for (uint32_t type = 5; type <= 8; type++) {
        struct body body;
        char reason[80];

        start(&body, 8, GUEST_HVM);
        put_u32(&body.b, 2);
        put_u64(&body.b, 1);
        put_u64(&body.b, type << 28 | 0x22);
        snprintf(reason, sizeof(reason), "pfn 0x22 has invalid page type %u", type);
        check_fails(&body, 8 + 4 + 8, "page batch 1", reason);
    }
}

/* XTAB entries of Xen 3 have a machine frame number, which may exceed p2m_size. */
static void xtab_entries_are_dropped_with_any_low_bits(void)
{
    static const uint32_t entries[] = {0xf0000000, 0x00000001, 0xffffffff, 0xf0000002, 0xe0000003};

    for (unsigned width = 4; width <= 8; width += 4) {
        struct body body;

        start(&body, width, GUEST_HVM);
        put_batch(&body.b, width, entries, 5);
        check_items(&body, HVM_START "PAGES 00000001 e0000003 | 4096*01\n" HVM_REST);
        finish(&body);
    }
}

static void batches_left_empty_make_no_item(void)
{
    static const uint32_t xtab[] = {0xf0000000, 0xf0000001, 0xf1234567};
    struct body body;

    start(&body, 8, GUEST_HVM);
    put_batch(&body.b, 8, xtab, 3);
    put_page(&body.b, 8, 0x11);
    put_batch(&body.b, 8, xtab, 1);
    check_items(&body, HVM_START "PAGES 00000011 | 4096*11\n" HVM_REST);
    CHECK(recorded(&body.log, "page batches so far: 3; pages with content: 1, without: 0, "
                              "unmapped entries dropped: 4"));
    finish(&body);
}

static void batches_without_data_are_items(void)
{
    static const uint32_t entries[] = {0xe0000001, 0xd0000002};
    struct body body;

    start(&body, 4, GUEST_HVM);
    put_batch(&body.b, 4, entries, 2);
    check_items(&body, HVM_START "PAGES e0000001 d0000002 |\n" HVM_REST);
    finish(&body);
}

static void duplicates_are_accepted(void)
{
    static const uint32_t entries[] = {0x00000001, 0x00000001};
    struct body body;

    start(&body, 8, GUEST_HVM);
    put_batch(&body.b, 8, entries, 2);
    put_page(&body.b, 8, 0x1);
    check_items(&body, HVM_START "PAGES 00000001 00000001 | 8192*01\n"
                                 "PAGES 00000001 | 4096*01\n" HVM_REST);
    finish(&body);
}

static void the_largest_batch(void)
{
    uint32_t entries[1024];

    for (unsigned width = 4; width <= 8; width += 4) {
        struct body body;

        for (uint32_t i = 0; i < 1024; i++)
            entries[i] = 0xe0000000 | (i & 0xff);
        entries[1023] = 0x000000fe;
        start(&body, width, GUEST_HVM);
        put_batch(&body.b, width, entries, 1024);
        check_items(&body, HVM_START "PAGES e0000000 e0000001 e0000002 e0000003 e0000004 e0000005 "
                                     "e0000006 e0000007 000000fe | 4096*fe\n" HVM_REST);
        finish(&body);
    }
}

static void invalid_chunk_numbers(void)
{
    static const int32_t ids[] = {1025, 0x7fffffff, -22, -23, -32768, INT32_MIN};

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct body body;
        char reason[80];

        start(&body, 4, GUEST_HVM);
        put_page(&body.b, 4, 0x1);
        put_id(&body.b, ids[i]);
        snprintf(reason, sizeof(reason), "%d is neither a chunk id", ids[i]);
        check_fails(&body, 4 + 4 + 4 + 4096, "body", reason);
    }
}

static void pfns_lie_below_p2m_size(void)
{
    static const uint32_t good[] = {0xff, 0xe00000ff};
    struct body body;

    start(&body, 8, GUEST_HVM);
    put_batch(&body.b, 8, good, 2);
    check_items(&body, HVM_START "PAGES 000000ff e00000ff | 4096*ff\n" HVM_REST);
    finish(&body);

    for (enum guest_type guest = GUEST_PV; guest <= GUEST_HVM; guest++) {
        uint64_t offset;

        start(&body, 8, guest);
        offset = body.b.len + 4;
        put_page(&body.b, 8, 0x100);
        check_fails(&body, offset, "page batch 1",
                    "pfn 0x100 is not below the guest's p2m_size 0x100");
    }
}

static void wide_entries_have_32_bits(void)
{
    struct body body;

    start(&body, 8, GUEST_HVM);
    put_u32(&body.b, 1);
    put_u64(&body.b, UINT64_C(0x100000001));
    check_fails(&body, 8 + 4, "page batch 1", "pfn entry 0x100000001 does not fit in 32 bits");
}

/* Up to Xen 3.0.4 the hypervisor's page types were signed: of pinned page tables and of XTAB. */
static void sign_extended_entries(void)
{
    static const struct {
        uint64_t entry;
        const char *items; /* NULL: rejected */
    } entries[] = {
        {UINT64_C(0xffffffff90000034), "PAGES 90000034 | 4096*34\n"},
        {UINT64_C(0xfffffffff0123456), ""},
        {UINT64_C(0xffffffffd0000034), "PAGES d0000034 |\n"},
        {UINT64_C(0xfffffffe90000034), NULL},
        {UINT64_C(0x00000000f0000034), ""},
        {UINT64_C(0x00000001f0000034), ""},
        {UINT64_C(0x80000000ffffffff), ""}, /* FOREIGN_FRAME of a Linux guest */
        {UINT64_C(0xffffffff10000034), NULL},
        {UINT64_C(0xffffffff00000034), NULL},
    };

    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        struct body body;
        char text[400];
        size_t at;

        start(&body, 8, GUEST_PV);
        put_page(&body.b, 8, 0x12);
        put_u32(&body.b, 1);
        at = body.b.len;
        put_u64(&body.b, entries[i].entry);
        if ((uint32_t)entries[i].entry >> 28 < 0xd)
            put_fill(&body.b, 0x34, 4096);
        snprintf(text, sizeof(text), PV_START "PAGES 00000012 | 4096*12\n%s" PV_REST,
                 entries[i].items ? entries[i].items : "");
        if (entries[i].items)
            check_items(&body, text);
        else
            check_fails(&body, at, "page batch 2", "does not fit in 32 bits");
        finish(&body);
    }
}

static void verify_mode_goes_on_with_ordinary_pages(void)
{
    struct body body;

    start(&body, 8, GUEST_HVM);
    put_page(&body.b, 8, 0x1);
    put_id(&body.b, -1);
    put_page(&body.b, 8, 0x1);
    check_items(&body, HVM_START "PAGES 00000001 | 4096*01\nPAGES 00000001 | 4096*01\n" HVM_REST);
    finish(&body);
}

static void tsc_info_keeps_its_place(void)
{
    struct body body;

    start(&body, 4, GUEST_HVM);
    put_page(&body.b, 4, 0x1);
    put_id(&body.b, -7);
    put_u32(&body.b, 2);
    put_u64(&body.b, UINT64_C(0x1122334455));
    put_u32(&body.b, 2400000);
    put_u32(&body.b, 7);
    put_page(&body.b, 4, 0x2);
    check_items(&body, HVM_START "PAGES 00000001 | 4096*01\n"
                                 "TSC mode 2 khz 2400000 nsec 73588229205 incarnation 7\n"
                                 "PAGES 00000002 | 4096*02\n" HVM_REST);
    finish(&body);
}

/* By chunk id: the parameter (xen/include/public/hvm/params.h). */
static const struct {
    int32_t id;
    unsigned index;
} params[] = {{-3, 12},  {-4, 15},  {-8, 17},  {-10, 19}, {-11, 9},  {-14, 34},
              {-15, 27}, {-16, 28}, {-17, 29}, {-19, 32}, {-20, 33}, {-21, 36}};
#define PARAMS (sizeof(params) / sizeof(params[0]))

static void every_param_chunk(void)
{
    for (size_t i = 0; i < PARAMS; i++) {
        struct body body;
        char text[300];

        if (params[i].index == 19 || params[i].index == 32 || params[i].index == 33)
            continue; /* not every value of these is converted */
        start(&body, 8, GUEST_HVM);
        put_param(&body.b, params[i].id, UINT64_C(0xa1b2c3d4e5f60708));
        snprintf(text, sizeof(text), HVM_START "PARAMS %u=a1b2c3d4e5f60708\n" HVM_REST,
                 params[i].index);
        check_items(&body, text);
        finish(&body);
    }
}

static void params_follow_the_pages(void)
{
    struct body body;

    start(&body, 4, GUEST_HVM);
    for (size_t i = 0; i < PARAMS; i++)
        put_param(&body.b, params[i].id, params[i].index == 19 ? 1 : i + 1);
    put_page(&body.b, 4, 0x1);
    check_items(&body, HVM_START "PAGES 00000001 | 4096*01\n"
                                 "PARAMS 12=1 15=2 17=3 19=1 9=5 34=6 27=7 28=8 29=9 32=a 33=b "
                                 "36=c\n" HVM_REST);
    finish(&body);
}

static void repeated_params_count_once(void)
{
    struct body body;

    start(&body, 8, GUEST_HVM);
    put_param(&body.b, -8, 1);
    put_param(&body.b, -3, 2);
    put_param(&body.b, -10, 1);
    put_page(&body.b, 8, 0x1);
    put_param(&body.b, -8, 3);
    put_param(&body.b, -3, 6);
    check_items(&body, HVM_START "PAGES 00000001 | 4096*01\n"
                                 "PARAMS 17=3 12=6 19=1\n" HVM_REST);
    finish(&body);
}

/* An ACPI location other than 1, half a description of the IOREQ server. */
static void params_that_xen_ignores(void)
{
    static const struct {
        int32_t id[2];
        uint64_t value[2];
        const char *kept;
    } tests[] = {
        {{-10, -3}, {2, 1}, "12=1"},       {{-10, -10}, {1, 2}, NULL}, {{-19, -3}, {4, 1}, "12=1"},
        {{-20, -3}, {4, 1}, "12=1"},       {{-19, -20}, {4, 0}, NULL}, {{-20, -19}, {4, 0}, NULL},
        {{-20, -19}, {2, 4}, "33=2 32=4"},
    };

    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        struct body body;
        char text[300];

        start(&body, 8, GUEST_HVM);
        put_param(&body.b, tests[i].id[0], tests[i].value[0]);
        put_param(&body.b, tests[i].id[1], tests[i].value[1]);
        snprintf(text, sizeof(text), HVM_START "%s%s%s" HVM_REST, tests[i].kept ? "PARAMS " : "",
                 tests[i].kept ? tests[i].kept : "", tests[i].kept ? "\n" : "");
        check_items(&body, text);
        finish(&body);
    }
}

/* They are dropped, and override an earlier value of the same parameter. */
static void params_of_value_0_are_ignored(void)
{
    struct body body;

    start(&body, 8, GUEST_HVM);
    put_param(&body.b, -8, 0);
    put_param(&body.b, -3, 2);
    put_param(&body.b, -10, 1);
    put_page(&body.b, 8, 0x1);
    put_param(&body.b, -3, 0);
    check_items(&body, HVM_START "PAGES 00000001 | 4096*01\nPARAMS 19=1\n" HVM_REST);
    CHECK_CONTAINS((const char *)body.log.text.p, "HVM parameters that Xen 4.5 ignores dropped: 2");
    finish(&body);

    start(&body, 4, GUEST_HVM);
    put_page(&body.b, 4, 0x1);
    for (size_t i = 0; i < PARAMS; i++)
        put_param(&body.b, params[i].id, 0);
    check_items(&body, HVM_START "PAGES 00000001 | 4096*01\n" HVM_REST);
    finish(&body);
}

static void params_of_a_pv_guest_are_dropped(void)
{
    for (size_t i = 0; i < PARAMS; i++) {
        struct body body;
        char warning[80];

        start(&body, 8, GUEST_PV);
        snprintf(warning, sizeof(warning), "W: byte 0x%zx: XC_SAVE_ID_HVM_", body.b.len);
        put_param(&body.b, params[i].id, 1);
        put_page(&body.b, 8, 0x1);
        check_items(&body, PV_START "PAGES 00000001 | 4096*01\n" PV_REST);
        CHECK_CONTAINS((const char *)body.log.text.p, warning);
        finish(&body);
    }
}

static void the_toolstack_blob_of_a_pv_guest_is_dropped(void)
{
    struct body body;

    start(&body, 8, GUEST_PV);
    put_id(&body.b, -18);
    put_u32(&body.b, 300001);
    put_fill(&body.b, 0xff, 300001); /* the content is ignored */
    put_page(&body.b, 8, 0x1);
    check_items(&body, PV_START "PAGES 00000001 | 4096*01\n" PV_REST);
    finish(&body);
}

static void put_blob(struct bytes *b, const char *name)
{
    uint32_t len = (uint32_t)strlen(name) + 1;

    put_id(b, -18);
    put_u32(b, 8 + 28 + len);
    put_u32(b, 1);
    put_u32(b, 1);
    put_u64(b, 0xabc);
    put_u64(b, 0xdef);
    put_u64(b, 0x123);
    put_u32(b, len);
    put_raw(b, name, len);
}

static void the_last_toolstack_blob_counts(void)
{
    struct body body;

    start(&body, 4, GUEST_HVM);
    put_blob(&body.b, "a longer name than the other");
    put_blob(&body.b, "vga");
    check_items(&body, HVM_START HVM_TAIL_TEXT "PHYSMAP abc/def/123/vga\n" QEMU_TEXT "END\n");
    finish(&body);
}

static void an_ignored_toolstack_blob_is_not_parsed(void)
{
    struct body body;

    start(&body, 4, GUEST_HVM);
    put_id(&body.b, -18);
    put_u32(&body.b, 5);
    put_fill(&body.b, 0xff, 5);
    put_hvm_tail(&body.b);
    put_qemu(&body.b);
    recorder_start(&body.log);
    body.reading.options =
        (struct legacy_options){.width = 4, .guest = GUEST_HVM, .ignore_toolstack = true};
    reading_run(&body.reading, &body.b);
    CHECK(body.reading.ok);
    CHECK_TEXT(reading_text(&body.reading), HVM_START HVM_REST);
    finish(&body);
}

static void nothing_follows_a_last_checkpoint(void)
{
    for (int last = 0; last <= 1; last++) {
        struct body body;

        start(&body, 4, GUEST_HVM);
        if (last)
            put_id(&body.b, -9);
        put_hvm_tail(&body.b);
        put_qemu(&body.b);
        put_page(&body.b, 4, 1);
        body.reading = (struct reading){.look_behind = true};
        body.reading.options = (struct legacy_options){.width = 4, .guest = GUEST_HVM};
        recorder_start(&body.log);
        reading_run(&body.reading, &body.b);
        CHECK(body.reading.ok);
        CHECK_INT(body.reading.sees_more, !last);
        finish(&body);
    }
}

static void truncated_chunks_name_their_place(void)
{
    struct body body;

    start(&body, 8, GUEST_HVM);
    put_id(&body.b, -11);
    put_fill(&body.b, 0, 11);
    run(&body);
    CHECK(!body.reading.ok);
    CHECK_INT(body.reading.err.offset, 12);
    CHECK_TEXT(body.reading.err.place, "XC_SAVE_ID_HVM_VIRIDIAN");
    CHECK_TEXT(body.reading.err.reason,
               "expected 12 bytes of a HVM parameter, input ended after 11");
    finish(&body);
}

CU_TestInfo body_tests[] = {
    {"every page type", every_page_type},
    {"bogus page types", bogus_page_types},
    {"XTAB entries are dropped with any low bits", xtab_entries_are_dropped_with_any_low_bits},
    {"batches left empty make no item", batches_left_empty_make_no_item},
    {"batches without data are items", batches_without_data_are_items},
    {"duplicates are accepted", duplicates_are_accepted},
    {"the largest batch", the_largest_batch},
    {"invalid chunk numbers", invalid_chunk_numbers},
    {"pfns lie below p2m_size", pfns_lie_below_p2m_size},
    {"wide entries have 32 bits", wide_entries_have_32_bits},
    {"sign-extended entries", sign_extended_entries},
    {"verify mode goes on with ordinary pages", verify_mode_goes_on_with_ordinary_pages},
    {"TSC info keeps its place", tsc_info_keeps_its_place},
    {"every param chunk", every_param_chunk},
    {"params follow the pages", params_follow_the_pages},
    {"repeated params count once", repeated_params_count_once},
    {"params of value 0 are ignored", params_of_value_0_are_ignored},
    {"params that Xen ignores", params_that_xen_ignores},
    {"params of a PV guest are dropped", params_of_a_pv_guest_are_dropped},
    {"the toolstack blob of a PV guest is dropped", the_toolstack_blob_of_a_pv_guest_is_dropped},
    {"the last toolstack blob counts", the_last_toolstack_blob_counts},
    {"an ignored toolstack blob is not parsed", an_ignored_toolstack_blob_is_not_parsed},
    {"nothing follows a LAST_CHECKPOINT", nothing_follows_a_last_checkpoint},
    {"truncated chunks name their place", truncated_chunks_name_their_place},
    CU_TEST_INFO_NULL,
};
