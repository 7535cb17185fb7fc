#include <stdio.h>
#include <string.h>

#include "table.h"

static bool overlaps(const struct release_range *range, int from, int before)
{
    return range->from < before && from < range->before;
}

enum range_match match_ranges(const struct release_range *ranges, const struct limits_host *host)
{
    int from = LIMITS_RELEASE(host->minor, host->point), before = from + 1;
    enum range_match match = RANGE_NONE;

    if (host->point == LIMITS_POINT_ANY) {
        from = LIMITS_RELEASE(host->minor, 0);
        before = LIMITS_RELEASE(host->minor + 1, 0);
    }
    for (unsigned i = 0; i < RANGES_MAX && ranges[i].from; i++) {
        if (ranges[i].from <= from && ranges[i].before >= before)
            return RANGE_ALL;
        if (overlaps(&ranges[i], from, before))
            match = RANGE_SOME;
    }
    return match;
}

static void release_text(int release, bool whole, char *buf, size_t size)
{
    if (whole)
        snprintf(buf, size, "4.%d", release / 100);
    else
        snprintf(buf, size, "4.%d.%d", release / 100, release % 100);
}

/* Writes the range from start to the last release before `before`. */
static void range_text(int start, int before, char *buf, size_t size)
{
    char from[16], to[16] = "";
    bool whole = start % 100 == 0 && before % 100 == 0;

    release_text(start, start % 100 == 0 && (whole || before / 100 > start / 100), from,
                 sizeof(from));
    if (before == RELEASE_END) {
        snprintf(buf, size, "%s and later", from);
        return;
    }
    if (before % 100 == 0)
        release_text(before - 100, true, to, sizeof(to));
    else
        release_text(before - 1, false, to, sizeof(to));
    if (before % 100 == 0 && before / 100 - 1 == start / 100 && start % 100 != 0)
        snprintf(buf, size, "%s and later 4.%d", from, start / 100);
    else if (strcmp(from, to) == 0)
        snprintf(buf, size, "%s", from);
    else
        snprintf(buf, size, "%s to %s", from, to);
}

void ranges_text(const struct release_range *ranges, char *buf, size_t size)
{
    buf[0] = '\0';
    for (unsigned i = 0; i < RANGES_MAX && ranges[i].from; i++) {
        size_t used = strlen(buf);
        char one[64];

        range_text(ranges[i].from, ranges[i].before, one, sizeof(one));
        snprintf(buf + used, size - used, "%s%s", i ? ", " : "", one);
    }
}

void limits_span_text(const struct limits_span *span, char *buf, size_t size)
{
    int before = span->to == LIMITS_RELEASE(LIMITS_MINOR_MAX, 99) ? RELEASE_END : span->to + 1;

    if (before % 100 == 0 || span->to % 100 == 99)
        before = before == RELEASE_END ? before : LIMITS_RELEASE(span->to / 100 + 1, 0);
    if (span->from == LIMITS_RELEASE(LIMITS_MINOR_MIN, 0) && before % 100 == 0 &&
        before != RELEASE_END)
        snprintf(buf, size, "4.%d and earlier", before / 100 - 1);
    else
        range_text(span->from, before, buf, size);
}
