/*
 * The items of a legacy stream on their way to the writer: small ones are held in memory, repaired
 * where that was asked for, and noted as facts for the verdict.
 */
#ifndef CONVERT_MENDED_H
#define CONVERT_MENDED_H

#include "convert/convert.h"
#include "legacy/reader.h"
#include "limits/repair.h"

struct mended {
    struct limits_hold hold;
    struct repair repair;
    struct limits_facts facts;
    bool has_pending;
    struct image_item pending; /* comes next */
};

/* Release with mended_release(). */
void mended_init(struct mended *mended, const struct convert_options *options);
void mended_release(struct mended *mended);

/* As legacy_reader_next(). */
bool mended_next(struct mended *mended, struct legacy_reader *reader, struct image_item *item,
                 struct cls_error *err) CLS_MUST_CHECK;

#endif
