/*
 * The legacy reader; page data is not consumed, so the reader skips it. The first byte selects
 * width, guest type and options, and whether the input is treated as a pipe, for which checkpoints
 * are copied to a temporary file.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "legacy/detect.h"
#include "legacy/reader.h"
#include "memory_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct cls_input *in, uint8_t bits)
{
    struct spool store = {.fd = memfd_create("store", 0), .dir = "memory"};
    struct spool spool = {.fd = memfd_create("spool", 0), .dir = "memory"};
    struct legacy_options options = {
        .width = bits & 1 ? 8 : 4,
        .guest = bits & 2 ? GUEST_HVM : GUEST_PV,
        .skip_qemu = bits & 4,
        .ignore_toolstack = bits & 8,
        .checkpoints = bits & 0x10   ? LEGACY_CHECKPOINTS_YES
                       : bits & 0x20 ? LEGACY_CHECKPOINTS_LOOK
                                     : LEGACY_CHECKPOINTS_NEVER,
        .store = &store,
        .spool = &spool,
        .compact = bits & 0x40,
        .drop_tmem = bits & 0x40,
    };
    struct cls_error err = {0};
    struct legacy_reader *reader = legacy_reader_new(in, &options, NULL, &err);
    struct image_item item = {0};
    bool ok;

    while ((ok = legacy_reader_next(reader, &item, &err)) && item.kind != IMAGE_END) {
        if (item.kind == IMAGE_PHYSMAP) {
            struct image_physmap_entry entry;
            size_t pos = 0;

            for (uint32_t i = 0; i < item.physmap.count; i++)
                item.physmap.next(item.physmap.ctx, &pos, &entry);
        }
    }
    if (!ok)
        must_blame_input(&err);
    legacy_reader_free(reader);
    spool_close(&store);
    spool_close(&spool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct legacy_kind requested = {0};
    struct legacy_detected found;
    struct cls_error err = {0};
    struct cls_input in;
    int fd;

    if (size == 0)
        return 0;
    fd = memory_input(&in, data + 1, size - 1);
    if (!legacy_detect(&in, &requested, GUEST_UNKNOWN, NULL, &found, &err))
        must_blame_input(&err);
    if ((data[0] & 0xd0) == 0x90)
        in.is_regular = false;
    read_all(&in, data[0]);
    cls_input_release(&in);
    close(fd);
    return 0;
}
