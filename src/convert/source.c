#include "source.h"

#include <string.h>

#include "base/fds.h"
#include "base/sandbox.h"
#include "config/facts.h"

bool source_is_libxl(const struct convert_options *options, const struct envelope *envelope)
{
    return options->format == CONVERT_FORMAT_DEFAULT ? envelope_is_libxl(envelope)
                                                     : options->format == CONVERT_FORMAT_LIBXL;
}

/*
 * Behind a stream on a pipe or socket another process may read on; on a device, old content of the
 * disk follows.
 */
enum legacy_checkpoints source_checkpoints(const struct convert_options *options,
                                           const struct in_file *file,
                                           const struct envelope *envelope)
{
    if (S_ISBLK(file->st.st_mode) || options->checkpointed == CONVERT_CHECKPOINTED_NO ||
        envelope_is_delimited(envelope))
        return LEGACY_CHECKPOINTS_NEVER;
    if (options->checkpointed == CONVERT_CHECKPOINTED_YES)
        return LEGACY_CHECKPOINTS_YES;
    return S_ISREG(file->st.st_mode) ? LEGACY_CHECKPOINTS_LOOK : LEGACY_CHECKPOINTS_NEVER;
}

void source_open_spools(struct source_spools *spools, const struct convert_options *options,
                        const struct in_file *file)
{
    static const struct envelope not_known_yet;

    spools->store = spools->spool = (struct spool){.fd = -1};
    if (source_checkpoints(options, file, &not_known_yet) == LEGACY_CHECKPOINTS_NEVER)
        return;
    if (in_file_is_regular(file) && options->ends && options->ends->no_spool)
        return;
    spool_open(&spools->store);
    if (!in_file_is_regular(file))
        spool_open(&spools->spool);
}

void source_close_spools(struct source_spools *spools)
{
    spool_close(&spools->store);
    spool_close(&spools->spool);
}

struct legacy_options source_reader(const struct convert_options *options,
                                    const struct in_file *file, const struct envelope *envelope,
                                    const struct legacy_kind *kind, bool libxl,
                                    struct source_spools *spools)
{
    bool delimited = envelope_is_delimited(envelope);

    return (struct legacy_options){
        .width = kind->width,
        .guest = kind->guest,
        .skip_qemu = options->skip_qemu && !libxl && !delimited,
        .ignore_toolstack = !libxl,
        .checkpoints = source_checkpoints(options, file, envelope),
        .store = &spools->store,
        .spool = &spools->spool,
        .compact = options->compact,
        .drop_tmem = options->drop_tmem,
        .embedded = delimited,
    };
}

bool source_enter_sandbox(const struct in_file *file, bool finishes, const int *also, size_t n,
                          const struct cls_log *log, struct cls_error *err)
{
    int keep[FDS_KEPT_MAX];
    size_t count = 0;

    keep[count++] = file->fd;
    for (unsigned i = 0; i < IN_FILE_RUNS; i++) {
        keep[count++] = file->runs[i].fd;
        keep[count++] = finishes ? file->runs[i].messages : -1;
    }
    keep[count++] = finishes ? file->raw : -1;
    memcpy(keep + count, also, n * sizeof(*also));
    return sandbox_enter(keep, count + n, log, err);
}

enum v2_extent source_extent(const char *in)
{
    return convert_fd(in, -1) >= 0 ? V2_TO_END_RECORD : V2_TO_THE_LAST_BYTE;
}

bool source_check_v2(struct cls_input *in, const struct envelope *envelope, enum v2_stream stream,
                     struct cls_error *err)
{
    const char *name = envelope_name(envelope->kind);

    if (envelope->v2 && envelope_is_libxl(envelope) && stream != V2_STREAM_LIBXL)
        return cls_input_fail(in, err, in->offset,
                              "%s header announces a libxl v2 stream, but the stream is not one",
                              name);
    if (!envelope->v2 && envelope_is_libxl(envelope) && stream == V2_STREAM_LIBXL)
        return cls_input_fail(
            in, err, in->offset,
            "%s header does not mark the stream as v2; %s would treat it as legacy", name, name);
    if (envelope_is_delimited(envelope) && (!envelope->v2 || stream != V2_STREAM_LIBXC))
        return cls_input_fail(in, err, in->offset, "not a libxc v2 image");
    return true;
}

/* Options are not believed where the bytes are another known format. */
static bool detect(struct cls_input *in, const struct legacy_kind *given, enum guest_type config,
                   const struct cls_log *log, struct legacy_kind *kind, struct cls_error *err)
{
    struct legacy_detected found = {0};
    bool ok = legacy_detect(in, given, config, log, &found, err);
    struct cls_error foreign;

    *kind = found.kind;
    if (ok && found.certain)
        return true;
    if (!envelope_check_foreign(in, &(bool){false}, &foreign)) {
        *err = foreign;
        return false;
    }
    return ok;
}

void source_xl_facts(const struct envelope *e, struct limits_facts *facts)
{
    if (e->kind == ENVELOPE_XL && e->config)
        config_facts(facts, (const char *)e->config, e->config_len,
                     e->config_format == ENVELOPE_CONFIG_JSON);
}

void source_config_guest(struct envelope *envelope, const char *text, size_t len, bool json)
{
    struct limits_facts facts;

    if (envelope->kind != ENVELOPE_XL || !text)
        return;
    config_facts(&facts, text, len, json);
    envelope->guest.type =
        facts.config.builder_type ? facts.config.builder_type : facts.config.type;
}

static bool check_word(struct cls_input *in, const struct envelope *envelope, bool forced,
                       enum guest_type guest, const struct cls_log *log, struct cls_error *err)
{
    enum guest_type said = envelope->guest.type;
    const char *name = envelope_name(envelope->kind);

    if (said == GUEST_UNKNOWN || said == guest)
        return true;
    /* An xl save can be restored with another configuration. */
    if (!forced && envelope->kind != ENVELOPE_XL)
        return cls_input_fail(in, err, in->offset,
                              "stream is for a %s guest, but the configuration of %s is for a %s "
                              "guest (--guest-type overrides it)",
                              guest_type_name(guest), name, guest_type_name(said));
    cls_warn(log, "the configuration of %s is for a %s guest", name, guest_type_name(said));
    return true;
}

bool source_kind(struct cls_input *in, const struct legacy_kind *given,
                 const struct envelope *envelope, const struct cls_log *log,
                 struct legacy_kind *kind, struct cls_error *err)
{
    return detect(in, given, envelope->guest.type, log, kind, err) &&
           check_word(in, envelope, given->guest != GUEST_UNKNOWN, kind->guest, log, err);
}
