/*
 * Compares a v2 stream with the image items that it was made from: reads it record by record, by a
 * decoder of its own, and holds every bit against the item that it stands for.
 */
#ifndef V2_COMPARE_H
#define V2_COMPARE_H

#include "base/image.h"
#include "v2/writer.h"

struct v2_comparison {
    struct cls_input *in;      /* the v2 stream */
    struct v2_options options; /* that it was written with */
    uint64_t record_nr;        /* from 1, through both streams */
};

/* in stands at the stream's first byte; it stays the caller's and must outlive the comparison. */
void v2_compare_init(struct v2_comparison *comparison, struct cls_input *in,
                     const struct v2_options *options);

/*
 * Consumes what stands for the item and compares; items come in the order that base/image.h states,
 * and the writer made one record of each. Bulk is consumed from the input that the item names, and
 * memory is constant. A difference is CLS_SYSTEM, and its reason names the stream, offset, record
 * and pfn; a failure to read the item's own bulk is told as that input's.
 */
bool v2_compare_item(struct v2_comparison *comparison, const struct image_item *item,
                     struct cls_error *err) CLS_MUST_CHECK;

#endif
