/*
 * Repairs: sound changes of a save, item by item, between reader and writer. The same items give
 * the same result; an item that needs no repair stays as it is.
 */
#ifndef LIMITS_REPAIR_H
#define LIMITS_REPAIR_H

#include "base/log.h"
#include "limits/limits.h"

#define REPAIR_PARAMS_MAX 32

struct repair {
    unsigned wanted; /* enum limits_repair */
    bool as_needed;  /* what the target needs, not what was named: see repair_init() */
    unsigned counts[LIMITS_REPAIRS];
    bool has_viridian;
    struct image_hvm_param viridian, params[REPAIR_PARAMS_MAX];
    uint8_t lead[32];
};

/* What is to be repaired. */
struct repair_wish {
    bool all;       /* --repair without a list */
    unsigned named; /* enum limits_repair */
};

/*
 * With a list: those of the list. Else what a save may need on that Xen, mce-caps only where the
 * host, or if it is not known the saving one, has a CPU of AMD.
 */
void repair_init(struct repair *repair, const struct repair_wish *wish,
                 const struct limits_host *host);

/*
 * Changes the item, whose data limits_hold() has read into memory (longer data stays as it is).
 * has_before: *before is to be put before it. Fails only where there is no memory.
 */
bool repair_item(struct repair *repair, struct limits_hold *hold, struct image_item *item,
                 struct image_item *before, bool *has_before, struct cls_error *err) CLS_MUST_CHECK;

/* Is <emulator>, which names this path (empty: there is none), to be dropped? Counts it then. */
bool repair_takes_emulator(struct repair *repair, const struct repair_wish *wish,
                           const struct limits_host *host, const char *path);

/* One line for each repair that was made. */
void repair_log(const struct repair *repair, const struct cls_log *log);

/* Those that were made: enum limits_repair. */
unsigned repair_made(const struct repair *repair);

#endif
