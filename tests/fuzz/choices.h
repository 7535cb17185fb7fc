/*
 * Choices taken from the fuzzer's input, one byte each. "Valid" choices are those that give valid
 * data. 0 is always valid, so that the data is valid after the end of the input.
 */
#ifndef FUZZ_CHOICES_H
#define FUZZ_CHOICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct choices {
    const uint8_t *data;
    size_t left;
    bool only_valid;  /* other choices are not offered */
    bool has_invalid; /* a choice was not valid */
};

/* Returns the next choice. */
uint8_t choose(struct choices *c);

/* Returns true sometimes, if offered: the caller writes something invalid. */
bool choose_invalid(struct choices *c);

/* Returns the valid value, or sometimes another one. */
uint32_t vary(struct choices *c, uint32_t valid);

/* A buffer that is filled by put(). Data that does not fit is dropped. */
struct bytes {
    uint8_t *at;
    size_t n, max;
};

/* bytes NULL: filler. */
void put(struct bytes *b, const void *bytes, size_t n);
void put_u16(struct bytes *b, uint16_t v);
void put_u32(struct bytes *b, uint32_t v);
void put_be32_bytes(struct bytes *b, uint32_t v);
void put_u64(struct bytes *b, uint64_t v);

#endif
