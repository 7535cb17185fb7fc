/*
 * Compares the decoder of compressed pages (legacy/delta.h) with a simple one that decodes word by
 * word. Truncated data must never give a complete page.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/image.h"
#include "legacy/delta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* Decodes a page; returns true if its code is valid, and sets *used to its length. */
static bool read_slowly(uint8_t *page, const uint8_t *code, size_t n, size_t *used)
{
    size_t at = 0, words = 0;

    *used = 1;
    if (n > 0 && code[0] == 0)
        return true;
    if (n > 0 && code[0] == 0x80) {
        *used = 4097;
        for (size_t i = 0; i < 4096 && n >= 4097; i++)
            page[i] = code[1 + i];
        return n >= 4097;
    }
    while (words < 1024 && at < n) {
        uint8_t marker = code[at++];

        if (marker % 128 == 0)
            return false;
        for (unsigned i = 0; i < marker % 128; i++, words++) {
            if (words == 1024)
                return false;
            for (unsigned byte = 0; byte < 4 && marker < 128; byte++, at++) {
                if (at == n)
                    return false;
                page[words * 4 + byte] = code[at];
            }
        }
    }
    *used = at;
    return words == 1024;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t page[CLS_PAGE_SIZE], slow[CLS_PAGE_SIZE];
    size_t used, slow_used;
    enum delta_result result;

    memset(page, 0x11, sizeof(page));
    memset(slow, 0x11, sizeof(slow));
    result = delta_apply(page, data, size, &used);
    must(used <= size);
    must((result == DELTA_DONE) == read_slowly(slow, data, size, &slow_used));
    if (result != DELTA_DONE)
        return 0;
    must(used == slow_used && memcmp(page, slow, sizeof(page)) == 0);
    for (size_t n = 0; n < used; n += 1 + n / 16)
        must(delta_apply(slow, data, n, &slow_used) == DELTA_SHORT);
    must(memcmp(page, slow, sizeof(page)) == 0);
    return 0;
}
