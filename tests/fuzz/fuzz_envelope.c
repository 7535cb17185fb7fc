/*
 * Envelopes: recognised, read, and left behind; then the formats that are only recognised.
 */
#include <unistd.h>

#include "envelope/envelope.h"
#include "memory_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct envelope envelope;
    struct cls_error err = {0};
    struct cls_input in;
    int fd = memory_input(&in, data, size);

    if (!envelope_read(&in, NULL, &envelope, &err) || !envelope_skip(&envelope, &in, &err) ||
        !envelope_check_foreign(&in, &err))
        must_blame_input(&err);
    cls_input_release(&in);
    close(fd);
    return 0;
}
