/*
 * Several checkpoints in one stream, by hand: cut everywhere, from files and pipes; pages once
 * only; tmem. Compressed checkpoints: tests/e2e/test_remus.py.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "streams.h"
#include "transcript.h"

#define CHECKPOINTS 3
#define MARKS       64

/* A stream, where its chunks and checkpoints end, and what the reader makes of each. */
struct remus {
    unsigned width;
    enum guest_type guest;
    struct bytes b;
    size_t marks[MARKS], marks_count;
    size_t ends[CHECKPOINTS];
    char start[100], pages[CHECKPOINTS][60], tails[CHECKPOINTS][300];
};

static void mark(struct remus *r)
{
    r->marks[r->marks_count++] = r->b.len;
}

static void put_tail(struct remus *r, unsigned i)
{
    unsigned value = 0xa0 + i;

    if (r->guest == GUEST_HVM) {
        put_hvm_tail(&r->b);
        mark(r);
        put_qemu(&r->b);
        snprintf(r->tails[i], sizeof(r->tails[i]), "PARAMS 17=%x\n" HVM_TAIL_TEXT QEMU_TEXT "END\n",
                 value);
        return;
    }
    put_pv_tail_head(&r->b);
    mark(r);
    put_vcpu(&r->b, r->width, (uint8_t)value, true);
    mark(r);
    put_shared_info(&r->b);
    snprintf(r->tails[i], sizeof(r->tails[i]),
             "BASIC 0 | %d*%x\nEXTENDED 0 | 128*%x\nSHARED_INFO 4096*51\nLIBXC_END\nEND\n",
             r->width == 8 ? CONTEXT_64 : CONTEXT_32, value, value + 1);
}

static void put_checkpoint(struct remus *r, unsigned i)
{
    mark(r);
    put_page(&r->b, r->width, 0x12 + i);
    snprintf(r->pages[i], sizeof(r->pages[i]), "PAGES %08x | 4096*%x\n", 0x12 + i, 0x12 + i);
    mark(r);
    put_vcpu_info(&r->b, 0, 1);
    mark(r);
    if (r->guest == GUEST_HVM)
        put_param(&r->b, -8, 0xa0 + i);
    mark(r);
    put_tail(r, i);
    r->ends[i] = r->b.len;
    mark(r);
}

static void make(struct remus *r, unsigned width, enum guest_type guest)
{
    memset(r, 0, sizeof(*r));
    r->width = width;
    r->guest = guest;
    if (guest == GUEST_HVM) {
        put_ulong(&r->b, width, 0x100);
        snprintf(r->start, sizeof(r->start), "BEGIN hvm 100\n");
    } else {
        put_pv_start(&r->b, width, width, 0x100);
        snprintf(r->start, sizeof(r->start), "BEGIN pv 100\nPV_INFO %u %u\nFRAMES 0+1/1 77\n",
                 width, width == 8 ? 4u : 3u);
    }
    for (unsigned i = 0; i < CHECKPOINTS; i++)
        put_checkpoint(r, i);
}

/* The expected items if checkpoint last is the last complete one. */
static void wanted_text(const struct remus *r, unsigned last, struct bytes *text)
{
    put_text(text, r->start);
    for (unsigned i = 0; i <= last; i++)
        put_text(text, r->pages[i]);
    put_text(text, r->tails[last]);
    put_fill(text, 0, 1);
}

/* Reads the first n bytes from a file or a pipe. */
static void read_truncated(struct reading *reading, const struct remus *r, size_t n, bool from_pipe)
{
    struct bytes cut = {.p = r->b.p, .len = n};
    int fds[2];

    if (!from_pipe) {
        reading_run(reading, &cut);
        return;
    }
    CHECK(pipe(fds) == 0 && write(fds[1], r->b.p, n) == (ssize_t)n);
    close(fds[1]);
    reading_run_fd(reading, fds[0]);
    close(fds[0]);
}

static void check_truncated_text(const struct remus *r, size_t n, enum legacy_checkpoints told,
                                 bool from_pipe)
{
    struct reading reading = {
        .options = {.width = r->width, .guest = r->guest, .checkpoints = told}};
    struct bytes wanted = {0};
    struct recorder log;
    unsigned last = CHECKPOINTS - 1;

    recorder_start(&log);
    reading.log = &log.log;
    read_truncated(&reading, r, n, from_pipe);
    while (last > 0 && r->ends[last] > n)
        last--;
    if (n < r->ends[0]) {
        CHECK_THAT(!reading.ok && reading.err.status == CLS_BAD_INPUT && reading.err.offset <= n,
                   "cut at %zu: status %d, offset %llu: %s", n, (int)reading.err.status,
                   (unsigned long long)reading.err.offset, reading.err.reason);
    } else {
        bool dropped = n > r->ends[last];

        wanted_text(r, last, &wanted);
        CHECK_THAT(reading.ok, "cut at %zu: %s", n, reading.err.reason);
        CHECK_TEXT(reading_text(&reading), (const char *)wanted.p);
        CHECK_INT(reading.rest_dropped, dropped);
        CHECK_INT(recorded(&log, "is incomplete; using"), dropped);
        if (!from_pipe)
            CHECK_INT(reading.fd_offset, r->ends[last]);
    }
    bytes_free(&wanted);
    recorder_free(&log);
    reading_free(&reading);
}

/* Both sides of each chunk's end, and every 97th byte in between. */
static void cut_everywhere(const struct remus *r, enum legacy_checkpoints told, bool from_pipe)
{
    for (size_t i = 0; i < r->marks_count; i++)
        for (size_t n = r->marks[i] - 1; n <= r->marks[i] + 5 && n <= r->b.len; n++)
            check_truncated_text(r, n, told, from_pipe);
    for (size_t n = 0; n <= r->b.len; n += 97)
        check_truncated_text(r, n, told, from_pipe);
}

static void truncated_at_every_chunk(void)
{
    for (unsigned width = 4; width <= 8; width += 4)
        for (unsigned guest = GUEST_PV; guest <= GUEST_HVM; guest++) {
            struct remus r;

            make(&r, width, (enum guest_type)guest);
            cut_everywhere(&r, LEGACY_CHECKPOINTS_LOOK, false);
            cut_everywhere(&r, LEGACY_CHECKPOINTS_YES, false);
            cut_everywhere(&r, LEGACY_CHECKPOINTS_YES, true);
            bytes_free(&r.b);
        }
}

/* Compares the items of a stream, and where the reader stops. */
static void check_text_and_end(const struct bytes *b, const struct legacy_options *options,
                               const char *text, size_t end)
{
    struct reading reading = {.options = *options};

    reading_run(&reading, b);
    CHECK_THAT(reading.ok, "%s: %s", reading.err.place, reading.err.reason);
    CHECK_TEXT(reading_text(&reading), text);
    CHECK_INT(reading.fd_offset, end);
    reading_free(&reading);
}

static void only_the_first_on_request(void)
{
    struct bytes wanted = {0};
    struct remus r;

    make(&r, 8, GUEST_HVM);
    wanted_text(&r, 0, &wanted);
    check_text_and_end(&r.b, &(struct legacy_options){.width = 8, .guest = GUEST_HVM},
                       (const char *)wanted.p, r.ends[0]);
    bytes_free(&wanted);
    bytes_free(&r.b);
}

/* With --skip-qemu the unread qemu record is between the checkpoints. */
static void only_the_first_without_its_qemu_record(void)
{
    struct legacy_options options = {
        .width = 8, .guest = GUEST_HVM, .skip_qemu = true, .checkpoints = LEGACY_CHECKPOINTS_LOOK};
    struct remus r;

    make(&r, 8, GUEST_HVM);
    check_text_and_end(&r.b, &options,
                       "BEGIN hvm 100\nPAGES 00000012 | 4096*12\nPARAMS 17=a0\n" HVM_TAIL_TEXT
                       "END\n",
                       r.ends[0] - 29);
    bytes_free(&r.b);
}

/* No body follows the second tail: that is the end with LOOK, and an error with YES. */
static void other_data_after_the_stream(void)
{
    for (unsigned told = LEGACY_CHECKPOINTS_LOOK; told <= LEGACY_CHECKPOINTS_YES; told++) {
        struct reading reading = {.options = {.width = 4,
                                              .guest = GUEST_HVM,
                                              .checkpoints = (enum legacy_checkpoints)told}};
        struct bytes wanted = {0};
        struct remus r;

        make(&r, 4, GUEST_HVM);
        r.b.len = r.ends[1];
        put_text(&r.b, "somebody else's");
        wanted_text(&r, 1, &wanted);
        reading_run(&reading, &r.b);
        CHECK_TEXT(reading_text(&reading), (const char *)wanted.p);
        CHECK_INT(reading.rest_dropped, told == LEGACY_CHECKPOINTS_YES);
        CHECK_INT(reading.fd_offset, r.ends[1]);
        reading_free(&reading);
        bytes_free(&wanted);
        bytes_free(&r.b);
    }
}

static void malformed_checkpoints_are_dropped(void)
{
    struct reading reading = {
        .options = {.width = 8, .guest = GUEST_HVM, .checkpoints = LEGACY_CHECKPOINTS_LOOK}};
    struct bytes wanted = {0};
    struct recorder log;
    struct remus r;

    make(&r, 8, GUEST_HVM);
    r.b.len = r.ends[0];
    put_page(&r.b, 8, 0x20);
    put_id(&r.b, -99);
    recorder_start(&log);
    reading.log = &log.log;
    wanted_text(&r, 0, &wanted);
    reading_run(&reading, &r.b);
    CHECK_TEXT(reading_text(&reading), (const char *)wanted.p);
    CHECK(recorded(&log, "checkpoint 2 is incomplete; using checkpoint 1"));
    CHECK(recorded(&log, "-99 is neither a chunk id"));
    recorder_free(&log);
    reading_free(&reading);
    bytes_free(&wanted);
    bytes_free(&r.b);
}

/* Without a temporary file, streams that need one fail. */
static void no_space_for_a_spool(void)
{
    struct spool none = {.fd = -1, .errnum = 28, .dir = "/full"};
    struct legacy_options options = {.width = 8,
                                     .guest = GUEST_HVM,
                                     .checkpoints = LEGACY_CHECKPOINTS_YES,
                                     .store = &none,
                                     .spool = &none};
    struct legacy_reader *reader;
    struct image_item item = {0};
    struct cls_error err = {0};
    struct cls_input in;
    struct remus r;
    int fds[2];

    make(&r, 8, GUEST_HVM);
    CHECK(pipe(fds) == 0 && write(fds[1], r.b.p, r.b.len) == (ssize_t)r.b.len);
    close(fds[1]);
    cls_input_init(&in, fds[0], "stream", 0, NULL);
    reader = legacy_reader_new(&in, &options, NULL, &err);
    CHECK(reader != NULL);
    while (legacy_reader_next(reader, &item, &err) && item.kind != IMAGE_END)
        ;
    CHECK(item.kind != IMAGE_END);
    CHECK_INT(err.status, CLS_SYSTEM);
    CHECK_TEXT(err.reason,
               "cannot create a temporary file in /full (TMPDIR): No space left on device");
    legacy_reader_free(reader);
    cls_input_release(&in);
    close(fds[0]);
    bytes_free(&r.b);
}

#define COMPACT                                                                                    \
    {                                                                                              \
        .width = 8, .guest = GUEST_HVM, .checkpoints = LEGACY_CHECKPOINTS_LOOK, .compact = true    \
    }

/* Two pages that are sent again, one that is not, one without content, and a new one. */
static void pages_once(void)
{
    static const uint32_t first[] = {0x10, 0x11, 0xe0000012, 0x13}, second[] = {0x11, 0x10, 0x11};
    static const uint32_t compared[] = {0x10, 0x11, 0x13, 0x14};
    struct legacy_options options = COMPACT;
    struct bytes b = {0};

    put_ulong(&b, 8, 0x100);
    put_batch(&b, 8, first, 4);
    put_page(&b, 8, 0x10);
    put_batch(&b, 8, second, 3);
    put_id(&b, -1);
    put_batch(&b, 8, compared, 4);
    put_page(&b, 8, 0x14);
    put_hvm_tail(&b);
    put_qemu(&b);
    check_text_and_end(&b, &options,
                       "BEGIN hvm 100\nPAGES e0000012 00000013 | 4096*13\n"
                       "PAGES 00000010 00000011 | 4096*10,4096*11\n"
                       "PAGES 00000014 | 4096*14\n" HVM_TAIL_TEXT QEMU_TEXT "END\n",
                       b.len);
    bytes_free(&b);
}

/* Pages of an incomplete checkpoint do not count. */
static void pages_once_over_checkpoints(void)
{
    struct legacy_options options = COMPACT;
    struct bytes b = {0};
    size_t end = 0;

    put_ulong(&b, 8, 0x100);
    for (unsigned i = 0; i < 3; i++) {
        put_page(&b, 8, 0x10);
        put_page(&b, 8, 0x20 + i);
        put_hvm_tail(&b);
        put_qemu(&b);
        if (i == 1)
            end = b.len;
    }
    b.len -= 1;
    check_text_and_end(&b, &options,
                       "BEGIN hvm 100\nPAGES 00000020 | 4096*20\nPAGES 00000010 | 4096*10\n"
                       "PAGES 00000021 | 4096*21\n" HVM_TAIL_TEXT QEMU_TEXT "END\n",
                       end);
    bytes_free(&b);
}

static void put_tmem(struct bytes *b, uint32_t pages)
{
    put_id(b, -5);
    put_u32(b, 1);
    put_u32(b, 16);
    put_u32(b, UINT32_MAX);
    put_fill(b, 0, 12);
    put_u32(b, UINT32_MAX);
    put_u32(b, 3); /* the pool's id, flags, pages, uuid */
    put_u32(b, 1);
    put_u32(b, pages + 1);
    put_fill(b, 0x33, 16);
    for (uint32_t i = 0; i < pages; i++)
        put_fill(b, 0x44, 24 + 4 + 4096);
    put_fill(b, 0xff, 24);
    put_u32(b, UINT32_MAX);
}

static void check_tmem(uint32_t pages, bool drop, bool ok, const char *said)
{
    struct reading reading = {.options = {.width = 8, .guest = GUEST_HVM, .drop_tmem = drop}};
    struct recorder log;
    struct bytes b = {0};

    put_ulong(&b, 8, 0x100);
    put_tmem(&b, pages);
    put_page(&b, 8, 0x12);
    put_hvm_tail(&b);
    put_qemu(&b);
    recorder_start(&log);
    reading.log = &log.log;
    reading_run(&reading, &b);
    CHECK_INT(reading.ok, ok);
    CHECK_CONTAINS(ok ? (const char *)log.text.p : reading.err.reason, said);
    if (ok)
        CHECK_TEXT(reading_text(&reading),
                   "BEGIN hvm 100\nPAGES 00000012 | 4096*12\n" HVM_TAIL_TEXT QEMU_TEXT "END\n");
    else
        CHECK_INT(reading.err.offset, 8);
    recorder_free(&log);
    reading_free(&reading);
    bytes_free(&b);
}

static void tmem(void)
{
    check_tmem(0, false, true, "W: byte 0x8: tmem pools without pages dropped: 1");
    check_tmem(2, false, false, "pools with pages: 1, pages: 2)");
    check_tmem(2, true, true, "W: byte 0x8: guest memory in tmem dropped");
}

/* tmem truncated at every byte. */
static void truncated_tmem(void)
{
    struct bytes b = {0};
    size_t end;

    put_ulong(&b, 8, 0x100);
    put_tmem(&b, 1);
    end = b.len;
    for (b.len = 8; b.len < end; b.len++) {
        struct reading reading = {.options = {.width = 8, .guest = GUEST_HVM, .drop_tmem = true}};

        reading_run(&reading, &b);
        CHECK(!reading.ok && reading.err.status == CLS_BAD_INPUT && reading.err.offset <= b.len);
        reading_free(&reading);
    }
    bytes_free(&b);
}

CU_TestInfo checkpoint_tests[] = {
    {"truncated at every chunk", truncated_at_every_chunk},
    {"only the first on request", only_the_first_on_request},
    {"only the first without its qemu record", only_the_first_without_its_qemu_record},
    {"other data after the stream", other_data_after_the_stream},
    {"malformed checkpoints are dropped", malformed_checkpoints_are_dropped},
    {"no space for a spool", no_space_for_a_spool},
    {"pages once", pages_once},
    {"pages once over checkpoints", pages_once_over_checkpoints},
    {"tmem", tmem},
    {"truncated tmem", truncated_tmem},
    CU_TEST_INFO_NULL,
};
