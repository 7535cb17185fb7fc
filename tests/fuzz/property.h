/*
 * What must hold of every conversion: either the input is refused, or the output is sound by our
 * own verifier.
 */
#ifndef FUZZ_PROPERTY_H
#define FUZZ_PROPERTY_H

#include "convert/convert.h"

/* Converts the bytes from and to files in memory, as options say, but for in and out. */
void check_conversion(struct convert_options options, const uint8_t *bytes, size_t n);

/* Format, version, --skip-qemu and what is told of the stream, from eight bits. */
struct convert_options options_from_bits(uint8_t bits);

#endif
