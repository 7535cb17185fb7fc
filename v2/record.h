/*
 * Records of both v2 streams: header, body, padding.
 */
#ifndef V2_RECORD_H
#define V2_RECORD_H

#include "base/image.h"
#include "base/output.h"

/* The header of a record whose body has length bytes. Fails where that is more than 32 bits hold.
 */
bool record_begin(struct cls_output *out, uint32_t type, uint64_t length, struct cls_error *err);

/* The padding behind a body of length bytes. */
bool record_pad(struct cls_output *out, uint64_t length, struct cls_error *err);

/* A whole record: head_len bytes at head (may be 0), then data (may be NULL). */
bool record_put(struct cls_output *out, uint32_t type, const void *head, size_t head_len,
                const struct image_data *data, struct cls_error *err);

/* data, from memory or moved from the input. what names it in an error. */
bool put_data(struct cls_output *out, const struct image_data *data, const char *what,
              struct cls_error *err);

#endif
