#include "leftover.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "legacy/detect.h"

#define LOOK_SIZE 4096

bool leftover_check(struct cls_input *in, const struct leftover_stream *stream,
                    struct cls_error *err)
{
    uint8_t bytes[LOOK_SIZE];
    struct stat st;
    ssize_t n;

    if (fstat(in->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return true;
    cls_input_at(in, "end of the stream", -1, NULL);
    n = pread(in->fd, bytes, sizeof(bytes), (off_t)in->offset);
    if (n < 0)
        return cls_fail_errno(err, errno, "cannot read %s at byte 0x%" PRIx64, in->name,
                              in->offset);
    if (n == 0)
        return true;
    if (!stream->last_checkpoint &&
        legacy_is_body(bytes, (size_t)n, stream->width, stream->p2m_size))
        return cls_input_fail(in, err, in->offset,
                              "a further checkpoint follows: streams of Remus are not "
                              "convertible yet");
    if (stream->by_name)
        return cls_input_fail(in, err, in->offset, "%" PRIu64 " bytes are left behind the stream",
                              (uint64_t)st.st_size - in->offset);
    return true;
}
