/*
 * Checks that hold for every conversion: either the input is rejected, or the output is accepted by
 * our verifier and by --verify. --inspect and the conversion must agree whether it is possible.
 */
#ifndef FUZZ_PROPERTY_H
#define FUZZ_PROPERTY_H

#include "convert/convert.h"

/* Converts the bytes with files in memory as input and output; the other options are used. */
void check_conversion(struct convert_options options, const uint8_t *bytes, size_t n);

/*
 * The same from a pipe, where the input can be read once only: if it is not rejected, the output is
 * sound. Does nothing if the bytes do not fit in a pipe.
 */
void check_conversion_of_pipe(struct convert_options options, const uint8_t *bytes, size_t n);

/* Inspects the file from its start; print: also prints the result to nowhere. Returns success. */
bool check_inspection(struct convert_options options, int fd, bool print);

/* Returns true for one of count inputs, by a hash of the input: for slow checks. */
bool is_one_of(unsigned count, const uint8_t *bytes, size_t n);

/* Makes options from bits: format, version, --skip-qemu, width, guest type and others. */
struct convert_options options_from_bits(uint8_t bits);

#endif
