/*
 * The table of limits.
 */
#ifndef LIMITS_TABLE_H
#define LIMITS_TABLE_H

#include "limits/limits.h"

#define RELEASE_END LIMITS_RELEASE(99, 0)
#define RANGES_MAX  6

/* Releases from `from` on, up to but without `before`. */
struct release_range {
    int from, before;
};

struct limit {
    const char *id;
    enum limits_severity severity;
    unsigned repair;
    /*
     * Is it in the save? May fill what in the save it is, if the row doesn't say, and lower the
     * finding's severity.
     */
    bool (*in_save)(const struct limits_facts *facts, const struct limits_host *host,
                    const struct limit *limit, struct limits_finding *finding);
    /* Can this host do it? Unknown (or NULL): the releases decide. */
    enum limits_known (*on_host)(const struct limits_facts *facts, const struct limits_host *host);
    uint64_t arg;                            /* of in_save */
    struct release_range ranges[RANGES_MAX]; /* none: only a host can tell */
    const char *what, *effect, *remedy;
};

extern const struct limit limits_table[];
extern const unsigned limits_table_size;

enum range_match {
    RANGE_NONE,
    RANGE_SOME, /* some point releases of the Xen that was named */
    RANGE_ALL,
};

enum range_match match_ranges(const struct release_range *ranges, const struct limits_host *host);

/* "4.12 and later", "4.6 to 4.14, 4.19.0 to 4.19.3". Cut to fit; empty without ranges. */
void ranges_text(const struct release_range *ranges, char *buf, size_t size);

#endif
