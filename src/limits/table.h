/*
 * The table of limits.
 */
#ifndef LIMITS_TABLE_H
#define LIMITS_TABLE_H

#include "limits/limits.h"

#define RELEASE_END LIMITS_RELEASE(99, 0)
#define RANGES_MAX  6

/* Releases from `from` on, before `before`; as LIMITS_RELEASE(). */
struct release_range {
    int from, before;
};

struct limit {
    const char *id;
    enum limits_severity severity;
    unsigned repair;
    /* Does the save have the property? May fill finding->what and lower finding->severity. */
    bool (*in_save)(const struct limits_facts *facts, const struct limits_host *host,
                    const struct limit *limit, struct limits_finding *finding);
    /* Can the host restore it? LIMITS_UNKNOWN, or on_host NULL: the ranges decide. */
    enum limits_known (*on_host)(const struct limits_facts *facts, const struct limits_host *host);
    uint64_t arg;                            /* for in_save() */
    struct release_range ranges[RANGES_MAX]; /* affected releases; none: depends on the host */
    const char *what, *effect, *remedy;
};

extern const struct limit limits_table[];
extern const unsigned limits_table_size;

enum range_match {
    RANGE_NONE,
    RANGE_SOME, /* some point releases of the host's minor release */
    RANGE_ALL,
};

/* Compares the ranges with the host's release, or all its point releases for LIMITS_POINT_ANY. */
enum range_match match_ranges(const struct release_range *ranges, const struct limits_host *host);

/* Writes "4.12 and later" or "4.6 to 4.14, 4.19.0 to 4.19.3", truncated; "" without ranges. */
void ranges_text(const struct release_range *ranges, char *buf, size_t size);

#endif
