/*
 * Reads the toolstack blob twice, with each layout, so that one replaces the other.
 */
#include <string.h>
#include <unistd.h>

#include "legacy/toolstack.h"
#include "memory_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct toolstack_blob *blob)
{
    struct image_physmap_entry entry;
    size_t pos = 0, names = 0;

    for (uint32_t i = 0; i < blob->count; i++) {
        toolstack_next(blob, &pos, &entry);
        names += entry.name ? strlen(entry.name) : 0;
    }
    if (names > blob->held.len)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct toolstack_blob blob = {0};

    for (unsigned width = 4; width <= 8; width += 4) {
        struct cls_error err = {0};
        struct cls_input in;
        int fd = memory_input(&in, data, size);

        if (!toolstack_read(&blob, &in, (uint32_t)size, width, &err))
            must_blame_input(&err);
        walk(&blob);
        cls_input_release(&in);
        close(fd);
    }
    toolstack_free(&blob);
    return 0;
}
