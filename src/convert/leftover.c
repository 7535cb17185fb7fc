#include "leftover.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "legacy/detect.h"

#define LOOK_SIZE 4096

bool leftover_check(struct cls_input *in, const struct leftover_stream *stream,
                    const struct cls_log *log, struct cls_error *err)
{
    uint8_t bytes[LOOK_SIZE];
    struct stat st;
    ssize_t n;

    if (!stream->by_name || fstat(in->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return true;
    cls_input_at(in, "end of the stream", -1, NULL);
    do
        n = pread(in->fd, bytes, sizeof(bytes), (off_t)in->offset);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return cls_fail_errno(err, errno, "cannot read %s at byte 0x%" PRIx64, in->name,
                              in->offset);
    if (n == 0)
        return true;
    if (stream->last_checkpoint ||
        !legacy_is_body(bytes, (size_t)n, stream->width, stream->p2m_size))
        return cls_input_fail(in, err, in->offset, "%" PRIu64 " bytes are left behind the stream",
                              (uint64_t)st.st_size - in->offset);
    cls_warn(log, "byte 0x%" PRIx64 ": a further checkpoint follows and is left out", in->offset);
    return true;
}
