/*
 * What must hold of every conversion: either the input is refused, or the output is sound by our
 * own verifier and holds all of the input, by --verify. And --inspect promises nothing that the
 * conversion doesn't keep.
 */
#ifndef FUZZ_PROPERTY_H
#define FUZZ_PROPERTY_H

#include "convert/convert.h"

/* Converts the bytes from and to files in memory, as options say, but for in and out. */
void check_conversion(struct convert_options options, const uint8_t *bytes, size_t n);

/* Inspects what fd holds, from its beginning, and prints it to nowhere; returns its success. */
bool check_inspection(struct convert_options options, int fd, bool print);

/* True for one input of so many, always the same ones: for checks that take long. */
bool is_one_of(unsigned count, const uint8_t *bytes, size_t n);

/* Format, version, --skip-qemu and what is told of the stream, from eight bits. */
struct convert_options options_from_bits(uint8_t bits);

#endif
