/*
 * The verifier: any bytes as a stream, in any format that the first byte names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct v2_summary summary;
    struct cls_error err = {0};
    char arg[16];
    struct verify_options options = {.in = arg};
    int in = memfd_create("in", 0);

    if (size > 0 && in >= 0 && write(in, data + 1, size - 1) == (ssize_t)(size - 1) &&
        lseek(in, 0, SEEK_SET) == 0) {
        snprintf(arg, sizeof(arg), "%d", in);
        options.format = (enum verify_format)(data[0] % 4);
        if (!verify_stream(&options, NULL, &summary, &err) && err.status != CLS_BAD_INPUT)
            abort(); /* nothing but the input can be wrong here */
    }
    close(in);
    return 0;
}
