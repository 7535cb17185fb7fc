/*
 * The items of a legacy stream between reader and writer. Small items are held in memory, repaired
 * if requested, and collected as facts for the verdict.
 */
#ifndef CONVERT_REPAIRED_H
#define CONVERT_REPAIRED_H

#include "convert/convert.h"
#include "legacy/reader.h"
#include "limits/repair.h"

struct repaired {
    struct limits_hold hold;
    struct repair repair;
    struct limits_facts facts;
    bool has_pending;
    struct image_item pending; /* comes next */
};

/* Release with repaired_release(). */
void repaired_init(struct repaired *repaired, const struct convert_options *options);
void repaired_release(struct repaired *repaired);

/* As legacy_reader_next(). */
bool repaired_next(struct repaired *repaired, struct legacy_reader *reader, struct image_item *item,
                   struct cls_error *err) CLS_MUST_CHECK;

#endif
