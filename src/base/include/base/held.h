/*
 * A growing buffer with bytes of an input, for parts whose length must be written first.
 */
#ifndef BASE_HELD_H
#define BASE_HELD_H

#include "base/input.h"

/* Initialise to zero; free with cls_held_free(). */
struct cls_held {
    uint8_t *bytes; /* NULL: empty */
    size_t len, capacity;
};

/*
 * Consumes exactly n bytes of in and appends them. Memory grows with the bytes that are read, not
 * with n. what: name of the bytes in errors. Fails with CLS_BAD_INPUT if the input ends early; also
 * if reading fails or there is no memory.
 */
bool cls_held_read(struct cls_held *held, struct cls_input *in, uint64_t n, const char *what,
                   struct cls_error *err) CLS_MUST_CHECK;

/* Like cls_held_read(), but appends fewer than n bytes if the input ends early. */
bool cls_held_read_some(struct cls_held *held, struct cls_input *in, uint64_t n, const char *what,
                        struct cls_error *err) CLS_MUST_CHECK;

/* Makes room for n bytes in total. Fails if there is no memory. */
bool cls_held_reserve(struct cls_held *held, size_t n, const char *what,
                      struct cls_error *err) CLS_MUST_CHECK;

/* Frees the bytes and sets all members to zero. */
void cls_held_free(struct cls_held *held);

#endif
