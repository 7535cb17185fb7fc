/*
 * Bytes of an input that are held in memory, for formats that need their length first.
 */
#ifndef BASE_HELD_H
#define BASE_HELD_H

#include "base/input.h"

/* Start with all zero; free with cls_held_free(). */
struct cls_held {
    uint8_t *bytes; /* NULL: none yet */
    size_t len, capacity;
};

/*
 * Consumes exactly n bytes and appends them. Memory grows with what is read, not with what n
 * claims. what names them in an error.
 */
bool cls_held_read(struct cls_held *held, struct cls_input *in, uint64_t n, const char *what,
                   struct cls_error *err) CLS_MUST_CHECK;

/* The same, but fewer than n bytes where the input ends. */
bool cls_held_read_some(struct cls_held *held, struct cls_input *in, uint64_t n, const char *what,
                        struct cls_error *err) CLS_MUST_CHECK;

/* Makes room for n bytes in total. */
bool cls_held_reserve(struct cls_held *held, size_t n, const char *what,
                      struct cls_error *err) CLS_MUST_CHECK;

void cls_held_free(struct cls_held *held);

#endif
