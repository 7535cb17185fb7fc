/*
 * Pieces of a stream against what they should be: each consumes its piece. what names a piece in an
 * error.
 */
#ifndef V2_COMPARE_INTERNAL_H
#define V2_COMPARE_INTERNAL_H

#include "v2/compare.h"

/* Room for the strings "physmap/<16 hex digits>/start_addr" and a value of 16 hex digits. */
#define SAME_BYTES_MAX 48

/* Fills err: the stream is not what it should be at this offset. Always returns false. */
bool differs(const struct v2_comparison *c, struct cls_error *err, uint64_t offset, const char *fmt,
             ...) CLS_PRINTF(4, 5);

/* Consumes exactly n bytes of the stream. */
bool take(struct v2_comparison *c, void *buf, size_t n, struct cls_error *err) CLS_MUST_CHECK;

/* n <= SAME_BYTES_MAX. */
bool same_bytes(struct v2_comparison *c, const void *wanted, size_t n, const char *what,
                struct cls_error *err) CLS_MUST_CHECK;
bool same_u32(struct v2_comparison *c, uint32_t wanted, const char *what,
              struct cls_error *err) CLS_MUST_CHECK;
bool same_u64(struct v2_comparison *c, uint64_t wanted, const char *what,
              struct cls_error *err) CLS_MUST_CHECK;

/* The header of a record whose body has length bytes, and the zeros behind that body. */
bool same_record(struct v2_comparison *c, uint32_t type, uint64_t length,
                 struct cls_error *err) CLS_MUST_CHECK;
bool same_padding(struct v2_comparison *c, uint64_t length, struct cls_error *err) CLS_MUST_CHECK;

/* *same: how many bytes of data agree; less than data->len up to the first difference. */
bool compare_data(struct v2_comparison *c, const struct image_data *data, uint64_t *same,
                  struct cls_error *err) CLS_MUST_CHECK;
bool same_data(struct v2_comparison *c, const struct image_data *data,
               struct cls_error *err) CLS_MUST_CHECK;

/* A whole record: a head of small fields, then data. */
bool same_whole(struct v2_comparison *c, uint32_t type, const void *head, size_t head_len,
                const struct image_data *data, struct cls_error *err) CLS_MUST_CHECK;

#endif
