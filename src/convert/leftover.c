#include "leftover.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"

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
                              " bytes%s follow the end of the stream (to convert without them: %s)",
                              left->size, left->more ? " or more" : "", way_out);
    if (left->size > 0)
        cls_warn(log,
                 "byte 0x%" PRIx64 ": %" PRIu64 " zero bytes after the end of the stream ignored",
                 in->offset, left->size);
    return true;
}

/* A file's holes are zeros that need not be read, however large they are. */
static void skip_hole(struct cls_input *behind, const struct stat *st)
{
    off_t here = lseek(behind->fd, 0, SEEK_CUR), at = (off_t)behind->offset;
    off_t data = lseek(behind->fd, at, SEEK_DATA);

    if (data < 0 && errno == ENXIO)
        data = st->st_size;
    if (data > at)
        behind->offset = (uint64_t)data;
    (void)lseek(behind->fd, here, SEEK_SET);
}

static bool is_of_others(const struct legacy_reader *reader, const struct legacy_options *options)
{
    return options->embedded || legacy_reader_rest_dropped(reader) ||
           (options->skip_qemu && options->guest == GUEST_HVM);
}

/* Judges the rest of a regular file, without moving the fd. */
static bool check_file(struct cls_input *in, const struct stat *st, const struct cls_log *log,
                       struct cls_error *err)
{
    struct leftover left = {0};
    struct cls_input behind;
    uint8_t bytes[LEFTOVER_STEP];
    size_t n;

    cls_input_init_at(&behind, in->fd, in->name, in->offset, NULL);
    cls_input_at(&behind, "end of the stream", -1, NULL);
    behind.limit = in->limit;
    do {
        skip_hole(&behind, st);
        if (!cls_input_allows(&behind, 0, err) ||
            !cls_input_read_some(&behind, bytes, sizeof(bytes), &n, err))
            return false;
        leftover_add(&left, bytes, n);
    } while (n > 0 && !left.is_data);
    left.size = (left.is_data ? (uint64_t)st->st_size : behind.offset) - in->offset;
    return leftover_judge(&left, in, "-i 0 <FILE", log, err);
}

bool leftover_check(struct cls_input *in, const struct legacy_reader *reader,
                    const struct legacy_options *options, bool by_name, bool *skip,
                    const struct cls_log *log, struct cls_error *err)
{
    struct stat st;
    bool regular;

    *skip = is_of_others(reader, options);
    regular = fd_stat(in->fd, &st) == 0 && S_ISREG(st.st_mode);
    if (*skip || !by_name || !(regular || in->ends))
        return true;
    cls_input_at(in, "end of the stream", -1, NULL);
    if (!legacy_reader_sees_more(reader, skip, err))
        return false;
    if (*skip)
        cls_warn(log, "byte 0x%" PRIx64 ": another checkpoint follows and is ignored", in->offset);
    return *skip || !regular || check_file(in, &st, log, err);
}
