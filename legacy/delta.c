#include "legacy/delta.h"

#include <string.h>

#include "base/image.h"

#define RUN_SKIPS  0x80
#define RUN_LENGTH 0x7f
#define WORD       4

static enum delta_result apply_runs(uint8_t *page, const uint8_t *bytes, size_t n, size_t *used)
{
    size_t at = 0, to = 0;

    while (to < CLS_PAGE_SIZE) {
        size_t len;

        *used = at;
        if (at == n)
            return DELTA_SHORT;
        len = (size_t)(bytes[at] & RUN_LENGTH) * WORD;
        if (len == 0)
            return DELTA_NO_RUN;
        if (len > CLS_PAGE_SIZE - to)
            return DELTA_OVERRUN;
        if (!(bytes[at++] & RUN_SKIPS)) {
            if (len > n - at)
                return DELTA_SHORT;
            memcpy(page + to, bytes + at, len);
            at += len;
        }
        to += len;
    }
    *used = at;
    return DELTA_DONE;
}

enum delta_result delta_apply(uint8_t *page, const uint8_t *bytes, size_t n, size_t *used)
{
    *used = 0;
    if (n == 0)
        return DELTA_SHORT;
    if (bytes[0] == DELTA_UNCHANGED) {
        *used = 1;
        return DELTA_DONE;
    }
    if (bytes[0] != DELTA_WHOLE)
        return apply_runs(page, bytes, n, used);
    if (n < 1 + CLS_PAGE_SIZE)
        return DELTA_SHORT;
    memcpy(page, bytes + 1, CLS_PAGE_SIZE);
    *used = 1 + CLS_PAGE_SIZE;
    return DELTA_DONE;
}
