/*
 * The fuzzer's bytes taken as choices. A choice of 0 is the honest one, so that what the fuzzer
 * leaves out makes something sound.
 */
#ifndef FUZZ_CHOICES_H
#define FUZZ_CHOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct choices {
    const uint8_t *data;
    size_t left;
    bool only_honest; /* what is not honest is not on offer, */
    bool bent;        /* or was chosen */
};

/* The next choice. */
uint8_t choose(struct choices *c);

/* True now and then, where that is on offer: something is not honest. */
bool choose_odd(struct choices *c);

/* Mostly the honest value; now and then one that is near or far. */
uint32_t bend(struct choices *c, uint32_t honest);

/* Bytes that are put together. What does not fit is left out. */
struct bytes {
    uint8_t *at;
    size_t n, max;
};

/* NULL: filler. */
void put(struct bytes *b, const void *bytes, size_t n);
void put_u16(struct bytes *b, uint16_t v);
void put_u32(struct bytes *b, uint32_t v);
void put_be32_bytes(struct bytes *b, uint32_t v);
void put_u64(struct bytes *b, uint64_t v);

#endif
