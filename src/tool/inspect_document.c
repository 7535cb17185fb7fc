#include <inttypes.h>
#include <stdio.h>

#include "base/hvm_params.h"
#include "base/page_type.h"
#include "inspect_print.h"

/* Writes how many entries of a list are left out, if any. */
static void put_left_out(const struct document_writer *w, const char *name, uint64_t count,
                         uint64_t max)
{
    if (count > max)
        document_number(w, name, count - max);
}

static uint64_t shown_count(uint64_t count, uint64_t max)
{
    return count < max ? count : max;
}

static void put_envelope(const struct document_writer *w, const struct inspection *r)
{
    if (!r->envelope)
        return;
    document_begin(w, "envelope");
    document_text(w, "kind", r->envelope);
    if (*r->name)
        document_text(w, "name", r->name);
    if (*r->uuid)
        document_text(w, "uuid", r->uuid);
    if (r->config_guest != GUEST_UNKNOWN)
        document_text(w, "guest", inspect_guest_name(r->config_guest));
    if (r->config.format != ENVELOPE_CONFIG_NONE) {
        document_begin(w, "config");
        document_text(w, "format", inspect_config_name(r->config.format));
        document_number(w, "offset", r->config.offset);
        document_number(w, "bytes", r->config.len);
        document_end(w);
    }
    document_end(w);
}

static void put_stream(const struct document_writer *w, const struct inspection *r)
{
    if (r->stream == INSPECT_UNKNOWN)
        return;
    document_begin(w, "stream");
    document_text(w, "kind", inspect_stream_name(r->stream));
    document_number(w, "offset", r->stream_offset);
    document_number(w, "bytes", r->stream_end - r->stream_offset);
    if (r->stream == INSPECT_LEGACY) {
        document_number(w, "width", r->width * 8);
        document_number(w, "checkpoints", r->checkpoints_before + 1);
    } else {
        document_number(w, "version", r->version);
        document_flag(w, "converted", r->converted);
    }
    document_end(w);
}

static void put_guest(const struct document_writer *w, const struct inspection *r)
{
    if (r->guest == GUEST_UNKNOWN)
        return;
    document_begin(w, "guest");
    document_text(w, "type", inspect_guest_name(r->guest));
    if (r->guest_width) {
        document_number(w, "width", r->guest_width * 8);
        document_number(w, "levels", r->pt_levels);
    }
    document_number(w, "vcpus", r->vcpus);
    if (r->p2m_size) {
        document_number(w, "p2m_size", r->p2m_size);
        document_number(w, "p2m_bytes", r->p2m_size * CLS_PAGE_SIZE);
    }
    document_end(w);
}

static void put_pages(const struct document_writer *w, const struct inspection *r)
{
    const struct inspect_pages *pages = &r->pages;

    document_begin(w, "pages");
    document_number(w, "entries", inspect_entries(pages));
    document_number(w, "passes", pages->passes);
    document_number(w, "distinct", pages->distinct);
    document_number(w, "distinct_bytes", pages->distinct * CLS_PAGE_SIZE);
    document_number(w, "sent_again", pages->mapped - pages->distinct);
    document_begin_list(w, "types");
    for (unsigned type = 0; type < 16; type++) {
        if (!pages->entries[type])
            continue;
        document_begin(w, "type");
        document_text(w, "name", page_type_name(type));
        document_number(w, "entries", pages->entries[type]);
        document_end(w);
    }
    document_end(w);
    document_end(w);
}

static void put_tsc(const struct document_writer *w, const struct inspection *r)
{
    if (!r->has_tsc)
        return;
    document_begin(w, "tsc");
    document_number(w, "mode", r->tsc.mode);
    document_number(w, "khz", r->tsc.khz);
    document_hex(w, "nsec", r->tsc.nsec);
    document_number(w, "incarnation", r->tsc.incarnation);
    document_end(w);
}

static void put_params(const struct document_writer *w, const struct inspection *r)
{
    document_begin_list(w, "hvm_params");
    for (uint64_t i = 0; i < shown_count(r->params_count, INSPECT_PARAMS_MAX); i++) {
        const char *name = hvm_param_name(r->params[i].index);

        document_begin(w, "param");
        if (name)
            document_text(w, "name", name);
        document_hex(w, "index", r->params[i].index);
        document_hex(w, "value", r->params[i].value);
        document_end(w);
    }
    document_end(w);
}

static void put_physmap(const struct document_writer *w, const struct inspection *r)
{
    document_begin_list(w, "physmap");
    for (uint64_t i = 0; i < shown_count(r->physmap_count, INSPECT_PHYSMAP_MAX); i++) {
        const struct inspect_physmap *entry = &r->physmap[i];

        document_begin(w, "entry");
        if (entry->named)
            document_text(w, "name", entry->name);
        document_hex(w, "phys_offset", entry->phys_offset);
        document_hex(w, "start_addr", entry->start_addr);
        document_hex(w, "size", entry->size);
        document_end(w);
    }
    document_end(w);
}

/* Parts that only HVM guests have. */
static void put_hvm(const struct document_writer *w, const struct inspection *r)
{
    const struct inspect_emulator *emulator = &r->emulator;

    if (r->guest != GUEST_HVM)
        return;
    document_begin(w, "hvm");
    document_number(w, "context_bytes", r->hvm_context_bytes);
    if (r->other_keys)
        document_number(w, "other_xenstore_keys", r->other_keys);
    put_left_out(w, "hvm_params_left_out", r->params_count, INSPECT_PARAMS_MAX);
    put_left_out(w, "physmap_left_out", r->physmap_count, INSPECT_PHYSMAP_MAX);
    put_params(w, r);
    put_physmap(w, r);
    if (emulator->found) {
        document_begin(w, "emulator");
        document_text(w, "kind", emulator->kind);
        document_number(w, "bytes", emulator->bytes);
        if (emulator->savevm)
            document_number(w, "savevm_version", emulator->savevm_version);
        document_end(w);
    }
    document_end(w);
}

static void put_parts(const struct document_writer *w, const struct inspection *r)
{
    document_begin_list(w, "parts");
    for (uint64_t i = 0; i < shown_count(r->runs_count, INSPECT_RUNS_MAX); i++) {
        const struct inspect_run *run = &r->runs[i];

        document_begin(w, "part");
        if (run->layer)
            document_text(w, "layer", run->layer);
        document_text(w, "name", run->name);
        document_number(w, "offset", run->offset);
        document_number(w, "count", run->count);
        document_number(w, "bytes", run->bytes);
        document_end(w);
    }
    document_end(w);
}

static void put_notes(const struct document_writer *w, const char *list,
                      const struct inspect_notes *notes)
{
    document_begin_list(w, list);
    for (uint64_t i = 0; i < shown_count(notes->count, INSPECT_NOTES_MAX); i++) {
        document_begin(w, "note");
        document_text(w, "text", notes->text[i]);
        document_end(w);
    }
    document_end(w);
}

/* The result that a conversion would have; not for a stream that is v2 already. */
static void put_conversion(const struct document_writer *w, const struct inspection *r)
{
    if (r->stream != INSPECT_LEGACY)
        return;
    document_begin(w, "conversion");
    document_flag(w, "possible", r->convertible);
    document_text(w, "format", inspect_format_name(r->format));
    document_number(w, "version", r->target_version);
    put_left_out(w, "lost_left_out", r->lost.count, INSPECT_NOTES_MAX);
    put_notes(w, "lost", &r->lost);
    document_end(w);
}

static void put_error(const struct document_writer *w, const struct cls_error *err)
{
    document_begin(w, "error");
    document_number(w, "status", (uint64_t)err->status);
    if (err->about_input) {
        document_number(w, "offset", err->offset);
        if (*err->place)
            document_text(w, "place", err->place);
    }
    document_text(w, "reason", err->reason);
    document_end(w);
}

void inspect_document(const struct document_writer *w, const void *subject)
{
    const struct inspection *r = subject;

    document_begin(w, "inspection");
    document_text(w, "input", r->input);
    document_number(w, "bytes", r->end - r->start);
    put_left_out(w, "parts_left_out", r->runs_count, INSPECT_RUNS_MAX);
    put_left_out(w, "remarks_left_out", r->remarks.count, INSPECT_NOTES_MAX);
    put_envelope(w, r);
    put_stream(w, r);
    put_guest(w, r);
    put_pages(w, r);
    put_tsc(w, r);
    put_hvm(w, r);
    put_parts(w, r);
    put_conversion(w, r);
    put_notes(w, "remarks", &r->remarks);
    inspect_put_restore(w, r);
    if (r->failed)
        put_error(w, &r->err);
    document_end(w);
}
