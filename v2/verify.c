#include "v2/verify.h"

#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/fds.h"
#include "verify_internal.h"

bool v2_recognise(struct cls_input *in, enum v2_stream *stream, struct cls_error *err)
{
    const uint8_t *b;
    size_t got;

    *stream = V2_STREAM_UNKNOWN;
    if (!cls_input_peek(in, 12, &b, &got, err))
        return false;
    if (got >= 8 && get_be64(b) == LIBXL_HDR_IDENT)
        *stream = V2_STREAM_LIBXL;
    else if (got == 12 && get_be64(b) == IHDR_MARKER && get_be32(b + 8) == IHDR_ID)
        *stream = V2_STREAM_LIBXC;
    return true;
}

/* Sockets are not checked: waiting for their end may block forever. */
static bool check_end(struct verifier *v, struct cls_error *err)
{
    uint64_t start = v->in->offset;
    struct stat st;
    uint8_t byte;
    size_t got;

    if (fd_stat(v->in->fd, &st) == 0 && S_ISSOCK(st.st_mode))
        return true;
    cls_input_at(v->in, "end of the stream", -1, NULL);
    if (!cls_input_read_some(v->in, &byte, 1, &got, err))
        return false;
    return got == 0 || cls_input_fail(v->in, err, start, "data after the END record");
}

static bool verify_to_last_byte(struct verifier *v, enum v2_stream stream, struct cls_error *err)
{
    return (stream == V2_STREAM_LIBXL || verify_qemu_record(v, err)) && check_end(v, err);
}

bool v2_verify(struct cls_input *in, enum v2_stream stream, enum v2_extent extent,
               const struct cls_log *log, const struct v2_observer *observer,
               struct v2_summary *summary, struct cls_error *err)
{
    static const struct v2_observer nobody;
    struct verifier v = {
        .in = in, .log = log, .observer = observer ? observer : &nobody, .summary = summary};
    uint64_t start = in->offset;
    bool ok;

    memset(summary, 0, sizeof(*summary));
    summary->stream = stream;
    ok = (stream == V2_STREAM_LIBXL ? verify_libxl(&v, err) : verify_libxc(&v, err)) &&
         (extent == V2_TO_END_RECORD || verify_to_last_byte(&v, stream, err));
    summary->bytes = in->offset - start;
    return ok;
}
