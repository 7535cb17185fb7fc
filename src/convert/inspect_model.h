/*
 * How an inspection is filled: by consumers of a stream's parts, items and pages.
 */
#ifndef CONVERT_INSPECT_MODEL_H
#define CONVERT_INSPECT_MODEL_H

#include "base/trace.h"
#include "convert/inspect.h"

/* As struct stream_trace's part; ctx is the struct inspection. */
void inspect_part(void *ctx, const struct stream_part *part);

/* Ends the stream and its last part at this offset. Only the first call counts. */
void inspect_end(struct inspection *inspection, uint64_t offset);

/* As struct v2_observer's functions; ctx is the struct inspection. */
bool inspect_item(void *ctx, const struct image_item *item, struct cls_error *err);
void inspect_page(void *ctx, unsigned type, uint64_t pfn);
void inspect_xenstore(void *ctx, const char *key, const char *value);

/* Counts vulnerable entries in the L1 tables of a PV guest; reads no other page. */
bool inspect_l1tf(struct inspection *inspection, const struct image_pages *item,
                  struct cls_error *err) CLS_MUST_CHECK;

/* One more remark. */
void inspect_note(struct inspect_notes *notes, const char *fmt, ...) CLS_PRINTF(2, 3);

#endif
