/*
 * Repairs: changes of image items between reader and writer, so that the result can be restored.
 * The same items always give the same result. Items that need no repair are unchanged.
 */
#ifndef LIMITS_REPAIR_H
#define LIMITS_REPAIR_H

#include "base/log.h"
#include "limits/limits.h"

#define REPAIR_PARAMS_MAX 32

struct repair {
    unsigned selected;               /* repairs to make, bits of enum limits_repair */
    bool amd_only;                   /* mce-caps only for saves of an AMD CPU, see repair_init() */
    unsigned counts[LIMITS_REPAIRS]; /* repairs made */
    bool has_viridian;               /* HVM_PARAM_VIRIDIAN is in the stream */
    struct image_hvm_param viridian, params[REPAIR_PARAMS_MAX]; /* storage for changed items */
    uint8_t lead[32];
};

/* The option --repair. */
struct repair_request {
    bool all;       /* --repair without a list */
    unsigned named; /* enum limits_repair */
};

/*
 * Selects the repairs: those of the list, or without a list those that a save may need on that Xen.
 * Without a list, mce-caps is made only if the host's CPU is AMD's, or if that is unknown, if the
 * save is from an AMD CPU.
 */
void repair_init(struct repair *repair, const struct repair_request *request,
                 const struct limits_host *host);

/*
 * Repairs the item. Its data must have been read by limits_hold(); longer data is not changed. If
 * *has_before is set, the item *before must be written first. Fails only if there is no memory.
 */
bool repair_item(struct repair *repair, struct limits_hold *hold, struct image_item *item,
                 struct image_item *before, bool *has_before, struct cls_error *err) CLS_MUST_CHECK;

/* Must <emulator> with this path (empty: none) be dropped? If so, the repair is counted. */
bool repair_drops_emulator(struct repair *repair, const struct repair_request *request,
                           const struct limits_host *host, const char *path);

/* Logs a warning for each kind of repair that was made. */
void repair_log(const struct repair *repair, const struct cls_log *log);

/* The repairs that were made, bits of enum limits_repair. */
unsigned repair_made(const struct repair *repair);

#endif
