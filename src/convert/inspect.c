#include "convert/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/facts.h"
#include "convert/in_file.h"
#include "inspect_model.h"
#include "leftover.h"
#include "legacy/reader.h"
#include "relabel.h"
#include "source.h"

struct look {
    const struct convert_options *options;
    const struct cls_log *log; /* the caller's */
    struct inspection *result;
    struct in_file file;
    struct cls_input in;
    struct envelope envelope;
    struct source_spools spools;
    bool skip_rest; /* what follows the stream is not part of the save */
};

/* Warnings become notes. */
struct note_log {
    const struct cls_log *log; /* the caller's */
    struct inspect_notes *notes;
};

static void note_warning(void *ctx, enum cls_log_level level, const char *text)
{
    const struct note_log *to = ctx;

    if (level == CLS_LOG_WARNING)
        inspect_note(to->notes, "%s", text);
    else
        cls_info(to->log, "%s", text);
}

static bool enter_sandbox(const struct look *look, struct cls_error *err)
{
    const int also[] = {look->spools.store.fd, look->spools.spool.fd, look->options->keep_fd};

    return look->options->no_sandbox ||
           source_enter_sandbox(&look->file, true, also, sizeof(also) / sizeof(also[0]), look->log,
                                err);
}

static bool open_input(struct look *look, struct cls_watch *watch, struct cls_error *err)
{
    struct inspection *r = look->result;

    convert_display_name(look->options->in, true, r->input, sizeof(r->input));
    if (!in_file_open(&look->file, look->options->in, err))
        return false;
    in_file_begin(&look->file, &look->in, look->options->max_input, watch);
    source_open_spools(&look->spools, look->options, &look->file);
    r->start = look->file.start;
    return envelope_prepare(&look->in, err) && enter_sandbox(look, err);
}

static bool look_at_envelope(struct look *look, const struct cls_log *log, struct cls_error *err)
{
    struct inspection *r = look->result;

    if (!envelope_read(&look->in, log, &look->envelope, err))
        return false;
    r->envelope = envelope_name(look->envelope.kind);
    memcpy(r->name, look->envelope.guest.name, sizeof(r->name));
    memcpy(r->uuid, look->envelope.guest.uuid, sizeof(r->uuid));
    memcpy(r->facts.config.emulator, look->envelope.guest.emulator,
           sizeof(r->facts.config.emulator));
    if (look->options->need_xl && look->envelope.kind != ENVELOPE_XL)
        return cls_input_fail(&look->in, err, look->in.offset,
                              "--xl was given, but the input has no xl header");
    if (look->envelope.kind == ENVELOPE_XEND)
        inspect_note(&r->remarks, "the converted save would have no configuration; create one with "
                                  "--write-config for xl restore CONFIG FILE");
    if (!envelope_read_config(&look->envelope, &look->in, &r->config, err))
        return false;
    source_config_guest(&look->envelope, r->config.text, r->config.len,
                        r->config.format == ENVELOPE_CONFIG_JSON);
    r->config_guest = look->envelope.guest.type;
    r->stream_offset = look->in.offset;
    return true;
}

/* Reads the part of the envelope behind the stream. */
static bool look_behind(struct look *look, const struct cls_log *log, struct cls_error *err)
{
    inspect_end(look->result, look->in.offset);
    return envelope_skip_rest(&look->envelope, &look->in, log, err);
}

static bool look_at_v2(struct look *look, enum v2_stream stream, const struct cls_log *log,
                       struct cls_error *err)
{
    struct inspection *r = look->result;
    struct v2_observer observer = {.parts = {inspect_part, r},
                                   .page = inspect_page,
                                   .item = inspect_item,
                                   .xenstore = inspect_xenstore,
                                   .ctx = r};
    struct v2_summary summary = {0};
    bool ok;

    r->stream = stream == V2_STREAM_LIBXL ? INSPECT_LIBXL : INSPECT_LIBXC;
    if (envelope_is_delimited(&look->envelope))
        ok = v2_verify(&look->in, stream, V2_TO_END_RECORD, log, &observer, &summary, err) &&
             look_behind(look, log, err);
    else
        ok = v2_verify(&look->in, stream, source_extent(look->options->in), log, &observer,
                       &summary, err);
    r->version = summary.version;
    r->converted = summary.converted;
    r->guest = summary.guest;
    r->guest_width = summary.guest_width;
    r->pt_levels = summary.pt_levels;
    if (r->emulator.bytes == UINT64_MAX) /* the record reaches to the end */
        r->emulator.bytes = look->in.offset - r->emulator.offset;
    return ok;
}

static bool take_items(struct look *look, const struct legacy_options *options,
                       const struct cls_log *log, struct cls_error *err)
{
    struct legacy_reader *reader = legacy_reader_new(&look->in, options, log, err);
    struct image_item item = {0};
    bool ok = reader != NULL;
    uint64_t given_back;

    while (ok && item.kind != IMAGE_END)
        ok = legacy_reader_next(reader, &item, err) && inspect_item(look->result, &item, err);
    given_back = ok ? legacy_reader_given_back(reader)->count : 0;
    if (given_back > 0)
        inspect_note(&look->result->remarks,
                     "pages that the guest released during the save: %" PRIu64
                     " (a conversion from file to file omits them)",
                     given_back);
    if (ok && options->embedded)
        ok = look_behind(look, log, err);
    ok = ok &&
         leftover_check(&look->in, reader, options, look->file.by_name, &look->skip_rest, log, err);
    legacy_reader_free(reader);
    return ok;
}

static bool look_at_legacy(struct look *look, const struct cls_log *log, struct cls_error *err)
{
    const struct convert_options *o = look->options;
    struct inspection *r = look->result;
    struct stream_trace trace = {inspect_part, r};
    struct note_log to_lost = {look->log, &r->lost}; /* what the reader warns of, it has dropped */
    const struct cls_log loss = {.line = note_warning, .ctx = &to_lost};
    struct legacy_options reader;
    struct legacy_kind given = {o->width, o->guest}, kind = {0};
    bool ok, libxl = source_is_libxl(o, &look->envelope);

    r->format = libxl ? CONVERT_FORMAT_LIBXL : CONVERT_FORMAT_LIBXC;
    r->target_version = o->version;
    ok = source_kind(&look->in, &given, &look->envelope, log, &kind, err);
    r->width = kind.width;
    r->guest = kind.guest;
    if (!ok)
        return false;
    reader = source_reader(o, &look->file, &look->envelope, &kind, libxl, &look->spools);
    reader.trace = &trace;
    /* The whole stream is inspected, even what a conversion would leave out. */
    reader.ignore_toolstack = reader.compact = false;
    r->stream = INSPECT_LEGACY;
    ok = envelope_check_format(&look->envelope, libxl, &look->in, log, err) &&
         take_items(look, &reader, &loss, err);
    r->convertible = ok;
    if (r->physmap_count > 0 && !libxl)
        inspect_note(&r->lost,
                     "QEMU physmap entries: libxc format cannot hold them (libxl format can)");
    return ok;
}

static bool look_at_stream(struct look *look, const struct cls_log *log, struct cls_error *err)
{
    enum v2_stream stream;
    bool relabel;

    cls_input_at(&look->in, "start of the stream", -1, NULL);
    if (!v2_recognise(&look->in, &stream, err) ||
        !relabel_is_needed(&look->envelope, &look->in, &relabel, err))
        return false;
    if (relabel && !look->envelope.v2)
        cls_warn(log, "header says version 1, but the stream is already v2 (a bug of libvirt); a "
                      "conversion changes only the header");
    else if (stream == V2_STREAM_UNKNOWN && look->envelope.v2)
        return cls_input_fail(&look->in, err, look->in.offset,
                              "%s header says that the stream is v2, but it is not",
                              envelope_name(look->envelope.kind));
    else if (stream != V2_STREAM_UNKNOWN &&
             !source_check_v2(&look->in, &look->envelope, stream, err))
        return false;
    return stream == V2_STREAM_UNKNOWN ? look_at_legacy(look, log, err)
                                       : look_at_v2(look, stream, log, err);
}

/* Gives the verdict on restoring the save. */
static void judge(struct inspection *r)
{
    struct limits_facts *facts = &r->facts;

    facts->guest = r->guest;
    facts->guest_width = r->guest_width;
    facts->complete = !r->failed;
    facts->populated = r->pages.seen.no_memory ? 0 : r->pages.distinct;
    if (r->config.text)
        config_facts(facts, r->config.text, strlen(r->config.text),
                     r->config.format == ENVELOPE_CONFIG_JSON);
    limits_find(facts, &r->host, &r->findings);
}

bool inspect_stream(const struct convert_options *options, const struct cls_log *log,
                    struct cls_watch *watch, struct inspection *inspection, struct cls_error *err)
{
    struct look look = {.options = options, .log = log, .result = inspection, .file = IN_FILE_NONE};
    struct note_log to_remarks = {log, &inspection->remarks};
    const struct cls_log remarks = {.line = note_warning, .ctx = &to_remarks};
    bool ok;

    memset(inspection, 0, sizeof(*inspection));
    limits_facts_init(&inspection->facts);
    inspection->host = options->host;
    ok = open_input(&look, watch, err) && look_at_envelope(&look, &remarks, err) &&
         look_at_stream(&look, &remarks, err);
    ok = in_file_look_behind(&look.file, &look.in,
                             envelope_is_delimited(&look.envelope) || look.skip_rest, ok, &remarks,
                             err);
    ok = in_file_finish(&look.file, look.in.offset, ok, err);
    if (ok && inspection->pages.seen.no_memory)
        ok = cls_fail_errno(err, ENOMEM, "cannot note which pages were seen");
    inspect_end(inspection, look.in.offset);
    inspection->end = look.in.offset;
    inspection->failed = !ok;
    if (!ok)
        inspection->err = *err;
    judge(inspection);
    cls_input_release(&look.in);
    envelope_free(&look.envelope);
    source_close_spools(&look.spools);
    in_file_close(&look.file);
    return ok;
}

void inspection_free(struct inspection *inspection)
{
    limits_hold_free(&inspection->hold);
    pfn_set_free(&inspection->pages.seen);
    free(inspection->config.text);
    inspection->config.text = NULL;
}
