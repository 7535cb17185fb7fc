/*
 * legacy/delta.h: the code of one page, by hand; and the sender's cache of pages.
 */
#include <string.h>

#include "base/image.h"
#include "compressed.h"
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

/* All prefixes of the code are too short. A page that one has changed in part is restored. */
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

/* 1 word is kept, 127 are new, 889 (7 * 127) are kept, 7 are new. */
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

static void only_new_words(void)
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

static void data_after_the_page_is_left(void)
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

static struct sender_cache cache;

static void fill_cache(struct sender_cache *c, uint32_t first, uint32_t n)
{
    bool cached;

    for (uint32_t pfn = first; pfn < first + n; pfn++) {
        (void)sender_cache_use(c, pfn, &cached);
        CHECK(!cached);
    }
}

/* The page in the pfn's slot is this byte again and again. */
static void check_slot(struct sender_cache *c, uint32_t pfn, bool wanted, int content)
{
    uint8_t same[CLS_PAGE_SIZE];
    struct cls_error err;
    bool cached;
    uint32_t slot = sender_cache_use(c, pfn, &cached);

    CHECK_INT(cached, wanted);
    CHECK(sender_cache_load(c, slot, page, &err));
    memset(same, content, sizeof(same));
    CHECK_THAT(memcmp(page, same, sizeof(page)) == 0, "pfn %u: %02x, not %02x", pfn, page[0],
               content);
}

static void store_page(struct sender_cache *c, uint32_t pfn, int content)
{
    struct cls_error err;
    bool cached;

    memset(page, content, sizeof(page));
    CHECK(sender_cache_store(c, sender_cache_use(c, pfn, &cached), page, &err));
}

/* xc_compression.c: 8192 pages; the least recently used one is evicted. */
static void the_senders_cache(void)
{
    struct spool store;

    spool_open(&store);
    sender_cache_init(&cache, &store);
    check_slot(&cache, 5, false, 0);
    store_page(&cache, 5, 0x55);
    check_slot(&cache, 5, true, 0x55);
    fill_cache(&cache, 0x10000, 8191); /* now it is full, and 5 the oldest */
    check_slot(&cache, 5, true, 0x55);
    check_slot(&cache, 0x30000, false, 0); /* takes the slot of 0x10000 */
    check_slot(&cache, 5, true, 0x55);
    check_slot(&cache, 0x10000, false, 0);
    fill_cache(&cache, 0x40000, 8190);
    check_slot(&cache, 5, true, 0x55);
    fill_cache(&cache, 0x50000, 8191);
    check_slot(&cache, 5 + 8192, false, 0x55); /* its slot comes to another, with what it holds */
    check_slot(&cache, 5, false, 0);
    spool_close(&store);
}

/* Page tables leave the cache; their slot is the next one to be used. */
static void page_tables_leave_the_senders_cache(void)
{
    struct spool store;

    spool_open(&store);
    sender_cache_init(&cache, &store);
    store_page(&cache, 1, 0x11);
    store_page(&cache, 2, 0x22);
    store_page(&cache, 3, 0x33);
    sender_cache_drop(&cache, 7);
    sender_cache_drop(&cache, 2);
    sender_cache_drop(&cache, 2);
    sender_cache_drop(&cache, 3);
    check_slot(&cache, 8, false, 0x33);
    check_slot(&cache, 9, false, 0x22);
    check_slot(&cache, 2, false, 0);
    check_slot(&cache, 1, true, 0x11);
    spool_close(&store);
}

CU_TestInfo delta_tests[] = {
    {"an unchanged page", an_unchanged_page},
    {"a whole page", a_whole_page},
    {"runs", runs},
    {"only new words", only_new_words},
    {"data after the page is left", data_after_the_page_is_left},
    {"bad runs", bad_runs},
    {"the sender's cache", the_senders_cache},
    {"page tables leave the sender's cache", page_tables_leave_the_senders_cache},
    CU_TEST_INFO_NULL,
};
