#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "output_ops.h"

#define BLOCK 4096

static bool is_zero(const uint8_t *bytes, size_t n)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0;
}

/* How many of these n bytes, at this offset of the file, are one hole, or one part without. */
static size_t first_run(uint64_t at, const uint8_t *bytes, size_t n, bool *hole)
{
    size_t run = BLOCK - (size_t)(at % BLOCK);

    if (run > n)
        run = n;
    *hole = run == BLOCK && is_zero(bytes, run);
    while (n - run >= BLOCK && is_zero(bytes + run, BLOCK) == *hole)
        run += BLOCK;
    return run;
}

static bool write_or_seek(struct cls_output *out, const uint8_t *bytes, size_t n,
                          struct cls_error *err)
{
    uint64_t at = out->file_start + out->offset - n;
    bool hole;

    for (size_t run; n > 0; at += run, bytes += run, n -= run) {
        run = first_run(at, bytes, n, &hole);
        if (hole && lseek(out->fd, (off_t)run, SEEK_CUR) < 0)
            return output_fail(out, err, errno);
        if (!hole && !output_write_all(out, bytes, run, err))
            return false;
    }
    return true;
}

/* A hole at the end of a file only exists once the file has that size. */
static bool set_size(struct cls_output *out, struct cls_error *err)
{
    return ftruncate(out->fd, (off_t)(out->file_start + out->offset)) == 0 ||
           output_fail(out, err, errno);
}

const struct cls_output_ops output_sparse = {
    .name = "by read and write, leaving out blocks of zeros",
    .write = write_or_seek,
    .finish = set_size,
};
