/*
 * Detects width and guest type of any bytes, from a file and from the start of a pipe. The first
 * byte selects which of both are given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "legacy/detect.h"
#include "memory_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

/* No input may be consumed, and a given width or type must be used or rejected. */
static void check(struct cls_input *in, const struct legacy_kind *requested, enum guest_type config)
{
    struct legacy_detected found;
    struct cls_error err;

    if (!legacy_detect(in, requested, config, NULL, &found, &err)) {
        must_blame_input(&err);
    } else {
        must(found.kind.width == 4 || found.kind.width == 8, "no width");
        must(found.kind.guest == GUEST_PV || found.kind.guest == GUEST_HVM, "no guest type");
        must(requested->guest == GUEST_UNKNOWN || found.kind.guest == requested->guest,
             "not as requested");
    }
    must(in->offset == 0, "consumed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned widths[4] = {0, 4, 8, 0};
    struct cls_input in;
    struct legacy_kind requested;
    enum guest_type config;
    int fd;

    if (size == 0)
        return 0;
    requested =
        (struct legacy_kind){widths[data[0] & 3], (enum guest_type)((data[0] >> 2 & 3) % 3)};
    config = (enum guest_type)((data[0] >> 4 & 3) % 3);
    fd = memory_input(&in, data + 1, size - 1);
    check(&in, &requested, config);
    cls_input_release(&in);
    must(lseek(fd, 0, SEEK_SET) == 0, "cannot seek");
    cls_input_init(&in, fd, "input", 0, NULL);
    in.is_regular = false;
    check(&in, &requested, config);
    must(lseek(fd, 0, SEEK_CUR) <= CLS_PEEK_MAX, "read far ahead");
    cls_input_release(&in);
    close(fd);
    return 0;
}
