/*
 * legacy: libxl's toolstack blob.
 */
#include "legacy/toolstack.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "streams.h"

/* An entry as a toolstack of this width writes it; name without NUL, NULL: namelen 0. */
static void put_entry(struct bytes *b, unsigned width, uint64_t nr, const char *name)
{
    uint32_t len = name ? (uint32_t)strlen(name) + 1 : 0;

    put_u64(b, nr);
    put_u64(b, nr + 1);
    put_u64(b, nr + 2);
    put_u32(b, len);
    put_raw(b, name, len);
    if (width == 8)
        put_hex(b, "ff0a 00fe"); /* garbage */
}

static void put_head(struct bytes *b, uint32_t version, uint32_t count)
{
    put_u32(b, version);
    put_u32(b, count);
}

struct trial {
    struct toolstack_blob blob;
    struct cls_error err;
    bool ok;
    uint64_t offset; /* of the input afterwards */
};

/* The blob is between 5 bytes before and after it; len is the claimed length. */
static void try_again(struct trial *t, const struct bytes *content, unsigned width, uint32_t len)
{
    struct bytes b = {0};
    struct cls_input in;
    uint8_t head[5];
    int fd;

    put_text(&b, "12345");
    put_bytes(&b, content);
    put_text(&b, "67890");
    fd = memfd_of(b.p, b.len);
    cls_input_init(&in, fd, "blob", 0, NULL);
    CHECK(cls_input_read(&in, head, 5, "head", &t->err));
    t->ok = toolstack_read(&t->blob, &in, len, width, &t->err);
    t->offset = in.offset;
    cls_input_release(&in);
    close(fd);
    bytes_free(&b);
}

static void try(struct trial *t, const struct bytes *content, unsigned width)
{
    *t = (struct trial){0};
    try_again(t, content, width, (uint32_t)content->len);
}

/* Entries as text: "phys/start/size/name ". */
static void check_entries(const struct trial *t, const char *wanted)
{
    struct image_physmap_entry e;
    char text[400] = "";
    size_t pos = 0, used = 0;

    CHECK_THAT(t->ok, "%s: %s", t->err.place, t->err.reason);
    for (uint32_t i = 0; t->ok && i < t->blob.count; i++) {
        toolstack_next(&t->blob, &pos, &e);
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%llx/%llx/%llx/%s ",
                             (unsigned long long)e.phys_offset, (unsigned long long)e.start_addr,
                             (unsigned long long)e.size, e.name ? e.name : "(none)");
    }
    CHECK_TEXT(text, wanted);
}

static void check_fails(struct bytes *content, unsigned width, uint64_t blob_offset,
                        const char *place, const char *reason)
{
    struct trial t;

    try(&t, content, width);
    CHECK(!t.ok);
    CHECK_INT(t.err.status, CLS_BAD_INPUT);
    CHECK(t.err.about_input);
    CHECK_INT(t.err.offset, 5 + blob_offset);
    CHECK_TEXT(t.err.place, place);
    CHECK_CONTAINS(t.err.reason, reason);
    toolstack_free(&t.blob);
    bytes_free(content);
}

static void both_layouts(void)
{
    for (unsigned width = 4; width <= 8; width += 4) {
        struct bytes b = {0};
        struct trial t;

        put_head(&b, 1, 3);
        put_entry(&b, width, 0x10, "vga.vram");
        put_entry(&b, width, UINT64_C(0xfedcba9876543210), NULL);
        put_entry(&b, width, 0x30, "x");
        try(&t, &b, width);
        check_entries(&t, "10/11/12/vga.vram "
                          "fedcba9876543210/fedcba9876543211/fedcba9876543212/(none) 30/31/32/x ");
        CHECK_INT(t.offset, 5 + b.len);
        toolstack_free(&t.blob);
        bytes_free(&b);
    }
}

static void blobs_without_entries(void)
{
    struct bytes b = {0};
    struct trial t;

    put_head(&b, 1, 0);
    try(&t, &b, 8);
    check_entries(&t, "");
    CHECK_INT(t.offset, 13);
    toolstack_free(&t.blob);
    b.len = 0;
    try(&t, &b, 8);
    check_entries(&t, "");
    CHECK_INT(t.offset, 5);
    bytes_free(&b);
}

static void bytes_after_the_last_entry_are_ignored(void)
{
    struct bytes b = {0};
    struct trial t;

    put_head(&b, 1, 1);
    put_entry(&b, 4, 1, "a");
    put_fill(&b, 0xff, 3);
    try(&t, &b, 4);
    check_entries(&t, "1/2/3/a ");
    CHECK_INT(t.offset, 5 + b.len);
    toolstack_free(&t.blob);
    bytes_free(&b);
}

/* A blob read with the layout of the other width is rejected. */
static void the_other_widths_layout(void)
{
    struct bytes b = {0};

    put_head(&b, 1, 2);
    put_entry(&b, 4, 1, "first");
    put_entry(&b, 4, 2, "second");
    check_fails(&b, 8, 8 + 28 + 6 + 4, "toolstack entry 2", "entry has");
}

static void no_room_for_the_last_entrys_padding(void)
{
    for (size_t missing = 1; missing <= 4; missing++) {
        struct bytes b = {0};
        char reason[80];

        put_head(&b, 1, 1);
        put_entry(&b, 8, 1, "name");
        b.len -= missing;
        snprintf(reason, sizeof(reason), "entry has 37 bytes, but %zu bytes of the blob are left",
                 37 - missing);
        check_fails(&b, 8, 8, "toolstack entry 1", reason);
    }
}

static void counts_beyond_the_blob(void)
{
    struct bytes b = {0};

    put_head(&b, 1, 3);
    put_entry(&b, 4, 1, "a");
    put_entry(&b, 4, 2, "a");
    check_fails(&b, 4, 8 + 60, "toolstack entry 3",
                "entry needs at least 28 bytes, but 0 bytes of the blob are left");
    put_head(&b, 1, UINT32_MAX);
    put_entry(&b, 8, 1, "a");
    put_fill(&b, 0, 27);
    check_fails(&b, 8, 8 + 34, "toolstack entry 2",
                "entry needs at least 28 bytes, but 27 bytes of the blob are left");
}

static void name_lengths_beyond_the_blob(void)
{
    static const uint32_t lengths[] = {101, 0x7fffffff, 0xffffffe4, UINT32_MAX};

    for (size_t i = 0; i < 4; i++) {
        struct bytes b = {0};
        char reason[80];

        put_head(&b, 1, 1);
        put_fill(&b, 0, 24);
        put_u32(&b, lengths[i]);
        put_fill(&b, 'a', 99);
        put_fill(&b, 0, 1);
        snprintf(reason, sizeof(reason), "entry has %llu bytes, but 128 bytes of the blob are left",
                 28 + (unsigned long long)lengths[i]);
        check_fails(&b, 4, 8, "toolstack entry 1", reason);
    }
}

static void names_end_with_nul(void)
{
    struct bytes b = {0};

    put_head(&b, 1, 1);
    put_fill(&b, 0, 24);
    put_u32(&b, 4);
    put_text(&b, "name");
    put_fill(&b, 0, 4); /* a NUL in the padding does not end the name */
    check_fails(&b, 8, 8 + 28, "toolstack entry 1", "name of 4 bytes is not terminated by a NUL");
}

/* As in the restore code, a C string. */
static void names_end_at_their_first_nul(void)
{
    struct bytes b = {0};
    struct trial t;

    put_head(&b, 1, 2);
    put_fill(&b, 0, 24);
    put_u32(&b, 6);
    put_raw(&b, "ab\0\x01z", 6);
    put_entry(&b, 4, 5, "next");
    try(&t, &b, 4);
    check_entries(&t, "0/0/0/ab 5/6/7/next ");
    toolstack_free(&t.blob);
    bytes_free(&b);
}

static void names_are_printable(void)
{
    static const char bad[] = {'\n', '\x1b', '\x7f', '\x80', '\xff', '\x1f'};

    for (size_t i = 0; i < sizeof(bad); i++) {
        struct bytes b = {0};
        const char name[] = {'a', ' ', '~', bad[i], '\0'};
        char reason[80];

        put_head(&b, 1, 1);
        put_entry(&b, 4, 1, name);
        snprintf(reason, sizeof(reason), "name contains the unprintable byte 0x%02x",
                 (unsigned)(uint8_t)bad[i]);
        check_fails(&b, 4, 8 + 28 + 3, "toolstack entry 1", reason);
    }
}

static void other_versions(void)
{
    struct bytes b = {0};

    put_head(&b, 2, 0);
    check_fails(&b, 4, 0, "", "unknown blob version 2");
    put_head(&b, 0, 0);
    check_fails(&b, 4, 0, "", "unknown blob version 0");
    put_u32(&b, 1);
    put_fill(&b, 0, 3);
    check_fails(&b, 4, 0, "", "blob of 7 bytes is too short for a header");
}

static void a_later_blob_replaces_the_earlier(void)
{
    struct bytes longer = {0}, shorter = {0};
    struct trial t;

    put_head(&longer, 1, 2);
    put_entry(&longer, 4, 1, "first");
    put_entry(&longer, 4, 2, "second");
    put_head(&shorter, 1, 1);
    put_entry(&shorter, 8, 3, "other width");
    try(&t, &longer, 4);
    try_again(&t, &shorter, 8, (uint32_t)shorter.len);
    check_entries(&t, "3/4/5/other width ");
    try_again(&t, &shorter, 8, 0);
    check_entries(&t, "");
    toolstack_free(&t.blob);
    bytes_free(&longer);
    bytes_free(&shorter);
}

static void blobs_are_bounded(void)
{
    struct trial t = {0};
    struct bytes b = {0};

    put_head(&b, 1, 0);
    try_again(&t, &b, 4, (uint32_t)TOOLSTACK_BLOB_MAX + 1);
    CHECK(!t.ok);
    CHECK_INT(t.err.status, CLS_BAD_INPUT);
    CHECK_CONTAINS(t.err.reason, "blob length 50331649 is above the maximum 50331648");
    try_again(&t, &b, 4, UINT32_MAX);
    CHECK(!t.ok);
    CHECK_INT(t.blob.held.capacity, 0);
    bytes_free(&b);
}

/* Only data that was read takes memory, not a claimed length. */
static void truncated_claims_cost_no_memory(void)
{
    struct trial t = {0};
    struct bytes b = {0};

    put_head(&b, 1, 1000000);
    put_fill(&b, 0, 20000);
    try_again(&t, &b, 4, (uint32_t)TOOLSTACK_BLOB_MAX);
    CHECK(!t.ok);
    CHECK_INT(t.err.offset, 5);
    CHECK_TEXT(t.err.reason, "expected 50331648 bytes of the toolstack blob, input ended after "
                             "20013");
    CHECK(t.blob.held.capacity <= 65536);
    toolstack_free(&t.blob);
    bytes_free(&b);
}

static void a_million_entries(void)
{
    struct image_physmap_entry e = {0};
    struct bytes b = {0};
    struct trial t;
    size_t pos = 0;

    put_head(&b, 1, 1000000);
    for (uint32_t i = 0; i < 1000000; i++)
        put_entry(&b, 4, i, "a name");
    try(&t, &b, 4);
    CHECK(t.ok);
    CHECK_INT(t.blob.count, 1000000);
    for (uint32_t i = 0; t.ok && i < 1000000; i++)
        toolstack_next(&t.blob, &pos, &e);
    CHECK_INT(e.phys_offset, 999999);
    CHECK_INT(pos, b.len);
    toolstack_free(&t.blob);
    bytes_free(&b);
}

CU_TestInfo toolstack_tests[] = {
    {"both layouts", both_layouts},
    {"blobs without entries", blobs_without_entries},
    {"bytes after the last entry are ignored", bytes_after_the_last_entry_are_ignored},
    {"the other width's layout", the_other_widths_layout},
    {"no room for the last entry's padding", no_room_for_the_last_entrys_padding},
    {"counts beyond the blob", counts_beyond_the_blob},
    {"name lengths beyond the blob", name_lengths_beyond_the_blob},
    {"names end with NUL", names_end_with_nul},
    {"names end at their first NUL", names_end_at_their_first_nul},
    {"names are printable", names_are_printable},
    {"other versions", other_versions},
    {"a later blob replaces the earlier", a_later_blob_replaces_the_earlier},
    {"blobs are bounded", blobs_are_bounded},
    {"truncated claims cost no memory", truncated_claims_cost_no_memory},
    {"a million entries", a_million_entries},
    CU_TEST_INFO_NULL,
};
