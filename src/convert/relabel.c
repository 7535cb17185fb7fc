#include "relabel.h"

#include "base/move.h"
#include "v2/verify.h"

bool relabel_is_needed(const struct envelope *envelope, struct cls_input *in, bool *needed,
                       struct cls_error *err)
{
    enum v2_stream stream;

    *needed = false;
    if (envelope->kind != ENVELOPE_LIBVIRT)
        return true;
    if (!v2_recognise(in, &stream, err))
        return false;
    *needed = stream == V2_STREAM_LIBXL;
    return true;
}

bool relabel(const struct envelope *envelope, const struct in_file *file, enum guest_type guest,
             struct cls_input *in, struct cls_output *out, const struct cls_log *log,
             struct cls_error *err)
{
    uint64_t start = in->offset, end;
    struct v2_summary summary;

    if (!file->by_name || !in->is_regular)
        return cls_input_fail(in, err, start,
                              "header says version 1, but the stream is already v2; to correct the "
                              "header, give the save as an uncompressed file, by name");
    if (!v2_verify(in, V2_STREAM_LIBXL, V2_TO_THE_LAST_BYTE, NULL, NULL, &summary, err))
        return false;
    if (guest != GUEST_UNKNOWN && guest != summary.guest)
        return cls_input_fail(in, err, start, "stream is for a %s guest, but --guest-type says %s",
                              guest_type_name(summary.guest), guest_type_name(guest));
    end = in->offset;
    cls_warn(log, "header says version 1, but the stream is already v2 (a bug of libvirt); only "
                  "the header is changed");
    return cls_input_seek(in, start, err) && envelope_write(envelope, in, out, true, err) &&
           cls_move(in, out, end - start, "the stream", err);
}
