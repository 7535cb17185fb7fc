/*
 * legacy/delta.h: the code of one page, by hand.
 */
#include <string.h>

#include "base/image.h"
#include "legacy/delta.h"
#include "support.h"

#define OLD 0x11

static uint8_t page[CLS_PAGE_SIZE];

static enum delta_result apply(const struct bytes *code, size_t n, size_t *used)
{
    memset(page, OLD, sizeof(page));
    return delta_apply(page, code->p, n, used);
}

/* Bytes begin..end - 1 of the page are value. */
static void check_part(size_t begin, size_t end, uint8_t value)
{
    size_t i = begin;

    while (i < end && page[i] == value)
        i++;
    CHECK_THAT(i == end, "byte %zu is 0x%02x, not 0x%02x", i, i < end ? page[i] : value, value);
}

/* The code's prefixes are all too short, and a page that one left half done is mended. */
static void check_prefixes(const struct bytes *code)
{
    uint8_t whole[CLS_PAGE_SIZE];
    size_t used;

    CHECK_INT(apply(code, code->len, &used), DELTA_DONE);
    CHECK_INT(used, code->len);
    memcpy(whole, page, sizeof(whole));
    for (size_t n = 0; n < code->len; n++) {
        CHECK_INT(apply(code, n, &used), DELTA_SHORT);
        CHECK_INT(delta_apply(page, code->p, code->len, &used), DELTA_DONE);
        CHECK(memcmp(page, whole, sizeof(whole)) == 0);
    }
}

static void an_unchanged_page(void)
{
    struct bytes code = {0};

    put_hex(&code, "00");
    check_prefixes(&code);
    check_part(0, CLS_PAGE_SIZE, OLD);
    bytes_free(&code);
}

static void a_whole_page(void)
{
    struct bytes code = {0};

    put_hex(&code, "80");
    put_fill(&code, 0x22, CLS_PAGE_SIZE);
    check_prefixes(&code);
    check_part(0, CLS_PAGE_SIZE, 0x22);
    bytes_free(&code);
}

/* 1 word stays, 127 come, 889 stay (7 * 127), 7 come. */
static void runs(void)
{
    struct bytes code = {0};

    put_hex(&code, "81 7f");
    put_fill(&code, 0x22, 508);
    put_hex(&code, "ff ff ff ff ff ff ff 07");
    put_fill(&code, 0x33, 28);
    check_prefixes(&code);
    check_part(0, 4, OLD);
    check_part(4, 512, 0x22);
    check_part(512, CLS_PAGE_SIZE - 28, OLD);
    check_part(CLS_PAGE_SIZE - 28, CLS_PAGE_SIZE, 0x33);
    bytes_free(&code);
}

static void nothing_but_new_words(void)
{
    struct bytes code = {0};

    for (unsigned word = 0; word < 1024; word++) {
        put_hex(&code, "01");
        put_fill(&code, (uint8_t)word, 4);
    }
    check_prefixes(&code);
    check_part(4092, 4096, 0xff);
    bytes_free(&code);
}

static void what_follows_the_page_is_left(void)
{
    struct bytes code = {0};
    size_t used;

    put_hex(&code, "ff ff ff ff ff ff ff ff 88");
    put_hex(&code, "01 02 03");
    CHECK_INT(apply(&code, code.len, &used), DELTA_DONE);
    CHECK_INT(used, 9);
    bytes_free(&code);
}

static void check_bad(const char *hex, size_t fill, enum delta_result result, size_t at)
{
    struct bytes code = {0};
    size_t used;

    put_hex(&code, hex);
    put_fill(&code, 0x44, fill);
    CHECK_INT(apply(&code, code.len, &used), result);
    CHECK_INT(used, at);
    bytes_free(&code);
}

static void bad_runs(void)
{
    check_bad("81 00", 0, DELTA_NO_RUN, 1);
    check_bad("81 80", 4096, DELTA_NO_RUN, 1);
    check_bad("ff ff ff ff ff ff ff ff 89", 0, DELTA_OVERRUN, 8);
    check_bad("ff ff ff ff ff ff ff ff 09", 36, DELTA_OVERRUN, 8);
    check_bad("ff ff ff ff ff ff ff ff 7f", 508, DELTA_OVERRUN, 8);
    check_bad("ff ff ff ff ff ff ff ff 08", 31, DELTA_SHORT, 8);
    check_bad("ff ff ff ff ff ff ff ff", 0, DELTA_SHORT, 8);
}

CU_TestInfo delta_tests[] = {
    {"an unchanged page", an_unchanged_page},
    {"a whole page", a_whole_page},
    {"runs", runs},
    {"nothing but new words", nothing_but_new_words},
    {"what follows the page is left", what_follows_the_page_is_left},
    {"bad runs", bad_runs},
    CU_TEST_INFO_NULL,
};
