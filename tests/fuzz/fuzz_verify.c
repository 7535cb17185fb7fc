/*
 * The verifier with any bytes; the first byte selects the format.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "convert/verify.h"
#include "memory_input.h"
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct verify_options options = {0};
    static const struct convert_options inspection;
    struct v2_summary summary;
    struct cls_error err = {0};
    struct cls_input in;
    char arg[32];
    int fd;

    if (size == 0)
        return 0;
    fd = memory_input(&in, data + 1, size - 1);
    /* A file by name is read to its end, a descriptor to the END record. */
    snprintf(arg, sizeof(arg), data[0] & 4 ? "/proc/self/fd/%d" : "%d", fd);
    options.in = arg;
    options.format = (enum verify_format)(data[0] % 4);
    if (!verify_stream(&options, NULL, &summary, &err))
        must_blame_input(&err);
    else if (options.format == VERIFY_AUTO &&
             !check_inspection(inspection, fd, is_one_of(16, data, size)))
        abort(); /* valid streams can be inspected */
    close(fd);
    return 0;
}
