#include "conversion.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/facts.h"
#include "configure.h"
#include "leftover.h"
#include "legacy/reader.h"
#include "relabel.h"
#include "v2/verify.h"

static bool read_envelope(struct conversion *c, struct cls_error *err)
{
    const struct convert_options *o = c->options;

    if (!envelope_read(&c->in, c->log, &c->envelope, err)) {
        /* A recognised magic with a damaged header still counts as a save. */
        if (err->status == CLS_BAD_INPUT)
            c->facts.input = CONVERT_INPUT_LEGACY;
        return false;
    }
    c->facts.envelope = envelope_name(c->envelope.kind);
    if (o->need_xl && c->envelope.kind != ENVELOPE_XL)
        return cls_input_fail(&c->in, err, c->in.offset,
                              "--xl was given, but the input has no xl header");
    c->facts.input = c->envelope.v2                      ? CONVERT_INPUT_V2
                     : c->envelope.kind != ENVELOPE_NONE ? CONVERT_INPUT_LEGACY
                                                         : CONVERT_INPUT_OTHER;
    if (c->envelope.v2)
        return cls_input_fail(&c->in, err, c->in.offset,
                              "stream after this header is already v2: nothing to convert");
    if (c->envelope.kind != ENVELOPE_NONE)
        c->cleanup->start_due = 0;
    return true;
}

static bool start_writer(struct conversion *c, struct cls_error *err)
{
    bool ok = v2_writer_start(&c->writer, err) && cls_output_flush(&c->out, err);

    c->cleanup->start_due = 0;
    return ok;
}

/* Writes the envelope's head; *v2: how the stream is to be written. */
static bool write_envelope(struct conversion *c, struct v2_options *v2, struct cls_error *err)
{
    const struct convert_options *o = c->options;
    bool libxl = source_is_libxl(o, &c->envelope);

    *v2 = (struct v2_options){.format = libxl ? V2_LIBXL : V2_LIBXC, .version = o->version};
    return envelope_check_format(&c->envelope, libxl, &c->in, c->log, err) &&
           envelope_write(&c->envelope, &c->in, &c->out, libxl, err);
}

static void note_item(struct convert_facts *facts, const struct image_item *item)
{
    if (item->kind == IMAGE_BEGIN)
        facts->p2m_size = item->begin.p2m_size;
    else if (item->kind == IMAGE_PAGES)
        for (uint32_t i = 0; i < item->pages.count; i++)
            facts->pages[item->pages.entries[i] >> 28]++;
}

/* XAPI's images have a place of their own for the device model's state. */
static bool put_item(struct conversion *c, const struct image_item *item, struct cls_error *err)
{
    if (item->kind == IMAGE_EMULATOR && envelope_has_emulator(&c->envelope))
        return envelope_put_emulator(&c->envelope, &item->emulator, &c->out, err);
    return v2_writer_put(&c->writer, item, err);
}

/* The conversion itself: passes each item from the reader to the writer. */
static bool convert_items(struct conversion *c, struct legacy_reader *reader, struct cls_error *err)
{
    struct image_item item;

    do {
        if (!repaired_next(&c->repaired, reader, &item, err) || !put_item(c, &item, err))
            return false;
        note_item(&c->facts, &item);
    } while (item.kind != IMAGE_END);
    return envelope_finish(&c->envelope, &c->in, &c->out, err);
}

/* Notes the verdict on the save, and warns of limits that prevent a restore. */
static void judge(struct conversion *c)
{
    const struct limits_host *host = &c->options->host;
    struct limits_findings findings;
    char *ids = c->facts.limits;

    limits_find(&c->repaired.facts, host, &findings);
    limits_warn(&findings, host, c->log);
    *ids = '\0';
    for (unsigned i = 0; i < findings.count; i++) {
        const struct limits_finding *f = &findings.list[i];
        size_t used = strlen(ids);

        if (f->severity >= LIMITS_HARMS && used + strlen(f->id) + 2 < sizeof(c->facts.limits))
            snprintf(ids + used, sizeof(c->facts.limits) - used, "%s%s", used ? " " : "", f->id);
    }
    c->facts.verdict = findings.verdict;
    c->facts.judged = true;
    c->facts.repaired = repair_made(&c->repaired.repair);
    repair_log(&c->repaired.repair, c->log);
}

/* Fills facts from the configuration that the new save carries. */
static void note_config(const struct conversion *c, struct limits_facts *facts)
{
    const struct envelope *e = &c->envelope;

    if (e->new_config)
        config_facts(facts, e->new_config, e->new_config_len, e->new_config_json);
    else if (e->kind == ENVELOPE_LIBVIRT)
        memcpy(facts->config.emulator, e->guest.emulator, sizeof(facts->config.emulator));
    else
        source_xl_facts(e, facts);
}

/* Notes what is known only at the end of the stream. */
static void note_end(struct conversion *c, struct legacy_reader *reader)
{
    struct pfn_set *given_back = legacy_reader_given_back(reader);

    if (given_back->count == 0 || c->given_back.count > 0)
        return;
    c->given_back = *given_back;
    *given_back = (struct pfn_set){0};
}

static bool convert_legacy(struct conversion *c, const struct legacy_kind *kind,
                           enum v2_format format, struct cls_error *err)
{
    struct legacy_reader *reader;
    bool ok;

    c->reader =
        source_reader(c->options, &c->in_file, &c->envelope, kind, format == V2_LIBXL, &c->spools);
    c->reader.leave_out = &c->given_back;
    reader = legacy_reader_new(&c->in, &c->reader, c->log, err);
    if (!reader)
        return false;
    note_config(c, &c->repaired.facts);
    ok = convert_items(c, reader, err);
    if (ok)
        judge(c);
    ok = ok &&
         leftover_check(&c->in, reader, &c->reader, c->in_file.by_name, &c->skip_rest, c->log, err);
    note_end(c, reader);
    legacy_reader_free(reader);
    return ok;
}

static bool is_v2(struct conversion *c)
{
    enum v2_stream stream = V2_STREAM_UNKNOWN;
    struct cls_error ignored;

    return v2_recognise(&c->in, &stream, &ignored) && stream != V2_STREAM_UNKNOWN;
}

static bool holds_saves(struct conversion *c)
{
    struct cls_error ignored;
    bool holds_saves;

    return !envelope_check_foreign(&c->in, &holds_saves, &ignored) && holds_saves;
}

static bool find_kind(struct conversion *c, struct legacy_kind *kind, struct cls_error *err)
{
    struct legacy_kind given = {c->options->width, c->options->guest};
    bool ok = source_kind(&c->in, &given, &c->envelope, c->log, kind, err);

    c->facts.width = kind->width;
    c->facts.guest = kind->guest;
    if (ok)
        c->facts.input = CONVERT_INPUT_LEGACY;
    else if (is_v2(c))
        c->facts.input = CONVERT_INPUT_V2;
    else if (c->facts.input == CONVERT_INPUT_OTHER && holds_saves(c))
        c->facts.input = CONVERT_INPUT_UNREADABLE;
    return ok;
}

static bool may_replace(const struct conversion *c, struct cls_error *err)
{
    if (c->irreplaceable.status != CLS_OK)
        *err = c->irreplaceable;
    return c->irreplaceable.status == CLS_OK;
}

/* Repairs the envelope, where that was asked for. */
static bool repair_envelope(struct conversion *c, struct cls_error *err)
{
    const struct convert_options *o = c->options;
    bool dropped;

    return !repair_drops_emulator(&c->repaired.repair, &o->repair, &o->host,
                                  c->envelope.guest.emulator) ||
           envelope_drop_emulator(&c->envelope, &c->in, &dropped, err);
}

/* Corrects the head of a save whose stream is already v2. */
static bool relabel_save(struct conversion *c, struct cls_error *err)
{
    const struct convert_options *o = c->options;

    if (!configure_check(c, err) || !repair_envelope(c, err) ||
        !envelope_check_format(&c->envelope, source_is_libxl(o, &c->envelope), &c->in, c->log,
                               err) ||
        !may_replace(c, err) ||
        !relabel(&c->envelope, &c->in_file, o->guest, &c->in, &c->out, c->log, err))
        return false;
    c->facts.repaired = repair_made(&c->repaired.repair);
    repair_log(&c->repaired.repair, c->log);
    return true;
}

static bool convert(struct conversion *c, struct cls_error *err)
{
    struct v2_options v2 = {0};
    struct legacy_kind kind = {0};

    repaired_init(&c->repaired, c->options);
    if (!read_envelope(c, err) || !relabel_is_needed(&c->envelope, &c->in, &c->relabelled, err))
        return false;
    if (c->relabelled)
        return relabel_save(c, err);
    if (!repair_envelope(c, err) || !envelope_hold_config(&c->envelope, &c->in, err))
        return false;
    source_config_guest(&c->envelope, (const char *)c->envelope.config, c->envelope.config_len,
                        c->envelope.config_format == ENVELOPE_CONFIG_JSON);
    if (!configure(c, err) || !write_envelope(c, &v2, err))
        return false;
    if (c->options->checkpointed == CONVERT_CHECKPOINTED_YES &&
        source_checkpoints(c->options, &c->in_file, &c->envelope) == LEGACY_CHECKPOINTS_NEVER)
        cls_warn(c->log, "--checkpointed has no effect on block devices and XAPI images");
    if (c->options->skip_qemu && (v2.format == V2_LIBXL || envelope_is_delimited(&c->envelope)))
        cls_warn(c->log, "--skip-qemu has no effect on libxl format and XAPI images");
    v2_writer_init(&c->writer, &c->out, &v2);
    if (!start_writer(c, err) || !find_kind(c, &kind, err) || !may_replace(c, err))
        return false;
    return convert_legacy(c, &kind, v2.format, err);
}

static bool copy(struct conversion *c, struct cls_error *err)
{
    uint8_t *buf = cls_input_bulk(&c->in, err);
    size_t got;

    if (!buf)
        return false;
    do {
        if (!cls_input_read_some(&c->in, buf, CLS_BULK_SIZE, &got, err) ||
            !cls_output_write(&c->out, buf, got, err))
            return false;
    } while (got == CLS_BULK_SIZE);
    return true;
}

bool run(struct conversion *c, struct cls_error *err)
{
    return (c->options->copy ? copy(c, err) : convert(c, err)) && cls_output_finish(&c->out, err);
}

bool run_again(struct conversion *c, bool compare, struct cls_error *err)
{
    const struct cls_move_options move = {
        .compare = compare, .sparse = c->options->sparse, .durable = !c->options->no_sync};
    const struct cls_log *log = c->log;
    struct cls_watch *watch = c->in.watch;
    bool ok;

    if (!in_file_go_back(&c->in_file, err))
        return false;
    if (lseek(c->out_file.fd, (off_t)c->out.file_start, SEEK_SET) < 0)
        return cls_fail_errno(err, errno, "cannot read %s again", c->out_name);
    cls_input_release(&c->in);
    cls_output_release(&c->out);
    repaired_release(&c->repaired);
    envelope_free(&c->envelope);
    c->envelope = (struct envelope){0};
    memset(c->facts.pages, 0, sizeof(c->facts.pages));
    c->log = NULL;
    in_file_begin(&c->in_file, &c->in, c->options->max_input, watch);
    cls_output_init(&c->out, c->out_file.fd, c->out_name, watch);
    cls_move_prepare(&c->in, &c->out, &move, NULL);
    ok = in_file_look_behind(&c->in_file, &c->in, true, run(c, err), NULL, err);
    c->log = log;
    return ok;
}
