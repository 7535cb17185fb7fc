#include "convert/verify.h"

#include <string.h>

#include "convert/in_file.h"
#include "envelope/envelope.h"
#include "limits/limits.h"
#include "source.h"

/* Reads the envelope, if there may be one, and finds out what the stream is. */
static bool open_stream(struct cls_input *in, enum verify_format format, const struct cls_log *log,
                        struct envelope *envelope, enum v2_stream *stream, struct cls_error *err)
{
    if (format == VERIFY_LIBXC || format == VERIFY_LIBXL) {
        *stream = format == VERIFY_LIBXC ? V2_STREAM_LIBXC : V2_STREAM_LIBXL;
        return true;
    }
    if (!envelope_read(in, log, envelope, err))
        return false;
    if (format == VERIFY_XL && envelope->kind != ENVELOPE_XL)
        return cls_input_fail(in, err, in->offset, "no xl header");
    if (format == VERIFY_LIBVIRT && envelope->kind != ENVELOPE_LIBVIRT)
        return cls_input_fail(in, err, in->offset, "no libvirt header");
    if (!envelope_skip(envelope, in, err))
        return false;
    cls_input_at(in, "start of the stream", -1, NULL);
    if (!v2_recognise(in, stream, err) || !source_check_v2(in, envelope, *stream, err))
        return false;
    return *stream != V2_STREAM_UNKNOWN ||
           (envelope_check_foreign(in, &(bool){false}, err) &&
            cls_input_fail(
                in, err, in->offset,
                "neither a libxl nor a libxc v2 stream (a legacy stream must be converted first)"));
}

/* What the stream shows of the limits of restoring it. */
struct watch_limits {
    struct limits_hold hold;
    struct limits_facts facts;
};

static bool take_item(void *ctx, const struct image_item *item, struct cls_error *err)
{
    struct watch_limits *watch = ctx;
    struct image_item held = *item;

    if (!limits_hold_available(&watch->hold, &held, err))
        return false;
    limits_facts_item(&watch->facts, &held);
    return true;
}

/* Warns where current releases of Xen would reject even a sound stream. */
static void warn_of_limits(struct watch_limits *watch, const struct v2_summary *summary,
                           const struct cls_log *log)
{
    static const struct limits_host any;
    struct limits_findings findings;

    watch->facts.guest = summary->guest;
    watch->facts.guest_width = summary->guest_width;
    watch->facts.complete = true;
    limits_find(&watch->facts, &any, &findings);
    limits_warn(&findings, &any, log);
}

bool verify_input(struct cls_input *in, enum verify_format format, enum v2_extent extent,
                  struct envelope *envelope, const struct cls_log *log,
                  const struct v2_observer *observer, struct v2_summary *summary,
                  struct cls_error *err)
{
    enum v2_stream stream = V2_STREAM_UNKNOWN;

    memset(summary, 0, sizeof(*summary));
    if (!open_stream(in, format, log, envelope, &stream, err))
        return false;
    if (!envelope_is_delimited(envelope))
        return v2_verify(in, stream, extent, log, observer, summary, err);
    return v2_verify(in, stream, V2_TO_END_RECORD, log, observer, summary, err) &&
           envelope_skip_rest(envelope, in, log, err);
}

bool verify_stream(const struct verify_options *options, const struct cls_log *log,
                   struct v2_summary *summary, struct cls_error *err)
{
    struct envelope envelope = {0};
    struct in_file file;
    struct cls_input in;
    struct watch_limits watch = {0};
    const struct v2_observer observer = {.item = take_item, .ctx = &watch};
    bool ok;

    limits_facts_init(&watch.facts);
    if (!in_file_open(&file, options->in, err)) {
        in_file_close(&file);
        return false;
    }
    in_file_begin(&file, &in, options->max_input, NULL);
    ok = envelope_prepare(&in, err) &&
         (options->no_sandbox ||
          source_enter_sandbox(&file, true, &options->keep_fd, 1, log, err)) &&
         verify_input(&in, options->format, source_extent(options->in), &envelope, log, &observer,
                      summary, err);
    ok = in_file_look_behind(&file, &in, envelope_is_delimited(&envelope), ok, log, err);
    ok = in_file_finish(&file, in.offset, ok, err);
    if (ok)
        warn_of_limits(&watch, summary, log);
    limits_hold_free(&watch.hold);
    cls_input_release(&in);
    envelope_free(&envelope);
    in_file_close(&file);
    return ok;
}
