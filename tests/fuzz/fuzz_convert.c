/*
 * Converts any bytes; the first byte selects the options.
 */
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    check_conversion(options_from_bits(data[0]), data + 1, size - 1);
    if (is_one_of(4, data, size))
        check_conversion_of_pipe(options_from_bits(data[0]), data + 1, size - 1);
    return 0;
}
