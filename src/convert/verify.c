#include "convert/verify.h"

#include <string.h>

#include "base/sandbox.h"
#include "convert/convert.h"
#include "convert/in_file.h"
#include "envelope/envelope.h"

#define NAME_SHOWN 256

/* An xl header must say what is inside, or xl does the wrong thing with it. */
static bool check_envelope(struct cls_input *in, const struct envelope *envelope,
                           enum v2_stream stream, struct cls_error *err)
{
    if (envelope->kind != ENVELOPE_XL)
        return true;
    if (envelope->v2 && stream != V2_STREAM_LIBXL)
        return cls_input_fail(in, err, in->offset,
                              "the xl header announces a libxl v2 stream, which this is not");
    if (!envelope->v2 && stream == V2_STREAM_LIBXL)
        return cls_input_fail(in, err, in->offset,
                              "the xl header does not say that this stream is v2: xl would take "
                              "it for a legacy one");
    return true;
}

/* Takes the envelope off, if there may be one, and finds out what the stream is. */
static bool open_stream(struct cls_input *in, enum verify_format format, const struct cls_log *log,
                        enum v2_stream *stream, struct cls_error *err)
{
    struct envelope envelope;

    if (format == VERIFY_LIBXC || format == VERIFY_LIBXL) {
        *stream = format == VERIFY_LIBXC ? V2_STREAM_LIBXC : V2_STREAM_LIBXL;
        return true;
    }
    if (!envelope_read(in, log, &envelope, err))
        return false;
    if (format == VERIFY_XL && envelope.kind != ENVELOPE_XL)
        return cls_input_fail(in, err, in->offset, "no xl header");
    if (!envelope_skip(&envelope, in, err))
        return false;
    cls_input_at(in, "start of the stream", -1, NULL);
    if (!v2_recognise(in, stream, err) || !check_envelope(in, &envelope, *stream, err))
        return false;
    return *stream != V2_STREAM_UNKNOWN ||
           (envelope_check_foreign(in, err) &&
            cls_input_fail(in, err, in->offset,
                           "neither a libxl nor a libxc v2 stream; a legacy one wants converting "
                           "first"));
}

/* Nothing is to be written or named any more. */
static bool enter_sandbox(const struct verify_options *options, const struct cls_log *log,
                          struct cls_error *err)
{
    static const struct sandbox_options nowhere = {.dir_fd = -1};

    return options->no_sandbox || sandbox_enter(&nowhere, log, err);
}

bool verify_stream(const struct verify_options *options, const struct cls_log *log,
                   struct v2_summary *summary, struct cls_error *err)
{
    enum v2_stream stream = V2_STREAM_UNKNOWN;
    struct in_file file;
    struct cls_input in;
    char name[NAME_SHOWN];
    bool ok;

    memset(summary, 0, sizeof(*summary));
    convert_display_name(options->in, true, name, sizeof(name));
    if (!in_file_open(&file, options->in, name, err)) {
        in_file_close(&file);
        return false;
    }
    cls_input_init(&in, file.fd, name, file.start, NULL);
    ok = enter_sandbox(options, log, err) && open_stream(&in, options->format, log, &stream, err) &&
         v2_verify(&in, stream, log, summary, err);
    cls_input_release(&in);
    in_file_close(&file);
    return ok;
}
