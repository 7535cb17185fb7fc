#include "leftover.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"

#define LOOK_SIZE 65536

void leftover_add(struct leftover *left, const uint8_t *bytes, size_t n)
{
    left->is_data |= n > 0 && (bytes[0] != 0 || memcmp(bytes, bytes + 1, n - 1) != 0);
    left->size += n;
}

bool leftover_judge(const struct leftover *left, const struct cls_input *in, const char *way_out,
                    const struct cls_log *log, struct cls_error *err)
{
    if (left->is_data)
        return cls_input_fail(in, err, in->offset,
                              "%" PRIu64
                              " bytes%s are left behind the stream (to convert without them: %s)",
                              left->size, left->more ? " or more" : "", way_out);
    if (left->size > 0)
        cls_warn(log, "byte 0x%" PRIx64 ": %" PRIu64 " bytes of zeros behind the stream ignored",
                 in->offset, left->size);
    return true;
}

/* false: err is filled. */
static bool read_at(const struct cls_input *in, uint64_t offset, uint8_t *bytes, size_t *n,
                    struct cls_error *err)
{
    ssize_t got;

    do
        got = pread(in->fd, bytes, LOOK_SIZE, (off_t)offset);
    while (got < 0 && errno == EINTR);
    *n = got > 0 ? (size_t)got : 0;
    return got >= 0 ||
           cls_fail_errno(err, errno, "cannot read %s at byte 0x%" PRIx64, in->name, offset);
}

/* A file's holes are zeros that need not be read, however large they are. */
static void skip_hole(const struct cls_input *in, const struct stat *st, struct leftover *left)
{
    off_t here = lseek(in->fd, 0, SEEK_CUR), at = (off_t)(in->offset + left->size);
    off_t data = lseek(in->fd, at, SEEK_DATA);

    if (data < 0 && errno == ENXIO)
        data = st->st_size;
    if (data > at)
        left->size += (uint64_t)(data - at);
    (void)lseek(in->fd, here, SEEK_SET);
}

bool leftover_check(struct cls_input *in, const struct legacy_reader *reader, bool by_name,
                    const struct cls_log *log, struct cls_error *err)
{
    bool may_go_on = !legacy_reader_last_checkpoint(reader), more;
    struct leftover left = {0};
    uint8_t bytes[LOOK_SIZE];
    struct stat st;
    size_t n;

    if (!by_name || fd_stat(in->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return true;
    cls_input_at(in, "end of the stream", -1, NULL);
    if (may_go_on && !legacy_reader_sees_more(reader, &more, err))
        return false;
    if (may_go_on && more) {
        cls_warn(log, "byte 0x%" PRIx64 ": a further checkpoint follows and is left out",
                 in->offset);
        return true;
    }
    do {
        skip_hole(in, &st, &left);
        if (!read_at(in, in->offset + left.size, bytes, &n, err))
            return false;
        leftover_add(&left, bytes, n);
    } while (n > 0 && !left.is_data);
    if (left.is_data)
        left.size = (uint64_t)st.st_size - in->offset;
    return leftover_judge(&left, in, "-i 0 <FILE", log, err);
}
