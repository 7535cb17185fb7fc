#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/hvm_params.h"
#include "base/page_type.h"
#include "inspect_print.h"
#include "messages.h"

/* Prints a line; unprintable bytes are escaped. */
CLS_PRINTF(1, 2)
static void say(const char *fmt, ...)
{
    char line[2048], masked[2048];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    messages_mask(line, masked, sizeof(masked));
    puts(masked);
}

static void say_left_out(uint64_t count, uint64_t max)
{
    if (count > max)
        say("  and %" PRIu64 " more", count - max);
}

/* "4.5 MiB", or "16 KiB" below 1 MiB. */
static const char *memory(uint64_t pages, char *buf, size_t size)
{
    uint64_t kib = pages * (CLS_PAGE_SIZE / 1024);

    if (kib < 1024)
        snprintf(buf, size, "%" PRIu64 " KiB", kib);
    else
        snprintf(buf, size, "%.1f MiB", (double)kib / 1024);
    return buf;
}

static void say_envelope(const struct inspection *r)
{
    if (!r->envelope)
        return;
    if (r->config.format == ENVELOPE_CONFIG_NONE)
        say("envelope: %s", r->envelope);
    else
        say("envelope: %s, with a %s config of %" PRIu32 " bytes at byte 0x%" PRIx64, r->envelope,
            inspect_config_name(r->config.format), r->config.len, r->config.offset);
    if (*r->name)
        say("  name: %s", r->name);
    if (*r->uuid)
        say("  uuid: %s", r->uuid);
    if (r->config_guest != GUEST_UNKNOWN)
        say("  guest: %s", inspect_guest_name(r->config_guest));
}

static void say_stream(const struct inspection *r)
{
    uint64_t bytes = r->stream_end - r->stream_offset;

    if (r->stream == INSPECT_LEGACY)
        say("stream: legacy, of a %u-bit toolstack, %" PRIu64 " bytes at byte 0x%" PRIx64,
            r->width * 8, bytes, r->stream_offset);
    if (r->checkpoints_before > 0)
        say("checkpoints: %" PRIu64 ", the last one counts", r->checkpoints_before + 1);
    if (r->stream == INSPECT_LIBXC || r->stream == INSPECT_LIBXL)
        say("stream: %s, version %u, %s, %" PRIu64 " bytes at byte 0x%" PRIx64,
            inspect_stream_name(r->stream), r->version,
            r->converted ? "converted from a legacy one" : "saved by Xen", bytes, r->stream_offset);
}

static void say_guest(const struct inspection *r)
{
    char size[32];

    if (r->guest == GUEST_UNKNOWN)
        return;
    if (r->guest_width)
        say("guest: %s, %u bits, %u levels of page tables, vcpus: %" PRIu64,
            inspect_guest_name(r->guest), r->guest_width * 8, r->pt_levels, r->vcpus);
    else
        say("guest: %s, vcpus: %" PRIu64, inspect_guest_name(r->guest), r->vcpus);
    if (r->p2m_size)
        say("p2m size: %" PRIu64 " pages (%s)", r->p2m_size,
            memory(r->p2m_size, size, sizeof(size)));
}

static void say_pages(const struct inspect_pages *pages)
{
    char size[32];

    say("pages: %" PRIu64 " entries, passes: %" PRIu64, inspect_entries(pages), pages->passes);
    for (unsigned type = 0; type < 16; type++)
        if (pages->entries[type])
            say("  %s: %" PRIu64, page_type_name(type), pages->entries[type]);
    say("  RAM: %" PRIu64 " different pages (%s), sent again: %" PRIu64, pages->distinct,
        memory(pages->distinct, size, sizeof(size)), pages->mapped - pages->distinct);
}

static void say_params(const struct inspection *r)
{
    say("HVM parameters: %" PRIu64, r->params_count);
    for (uint64_t i = 0; i < r->params_count && i < INSPECT_PARAMS_MAX; i++) {
        const char *name = hvm_param_name(r->params[i].index);

        say("  %s (%" PRIu64 ") = 0x%" PRIx64, name ? name : "unknown", r->params[i].index,
            r->params[i].value);
    }
    say_left_out(r->params_count, INSPECT_PARAMS_MAX);
}

static void say_physmap(const struct inspection *r)
{
    say("physmap entries: %" PRIu64, r->physmap_count);
    for (uint64_t i = 0; i < r->physmap_count && i < INSPECT_PHYSMAP_MAX; i++) {
        const struct inspect_physmap *e = &r->physmap[i];

        say("  0x%" PRIx64 " bytes at 0x%" PRIx64 ", offset 0x%" PRIx64 "%s%s", e->size,
            e->start_addr, e->phys_offset, e->named ? ": " : "", e->name);
    }
    say_left_out(r->physmap_count, INSPECT_PHYSMAP_MAX);
    if (r->other_keys)
        say("other keys for xenstore: %" PRIu64, r->other_keys);
}

static void say_hvm(const struct inspection *r)
{
    const struct inspect_emulator *e = &r->emulator;

    if (r->guest != GUEST_HVM)
        return;
    say_params(r);
    say("HVM context: %" PRIu64 " bytes", r->hvm_context_bytes);
    say_physmap(r);
    if (!e->found)
        say("qemu record: none");
    else if (e->savevm)
        say("qemu record: %s, %" PRIu64 " bytes, savevm version %" PRIu32, e->kind, e->bytes,
            e->savevm_version);
    else
        say("qemu record: %s, %" PRIu64 " bytes, not of savevm", e->kind, e->bytes);
}

static void say_parts(const struct inspection *r)
{
    if (r->runs_count == 0)
        return;
    say("parts:");
    for (uint64_t i = 0; i < r->runs_count && i < INSPECT_RUNS_MAX; i++) {
        const struct inspect_run *run = &r->runs[i];
        char name[64], count[32] = "";

        snprintf(name, sizeof(name), "%s%s%s", run->layer ? run->layer : "", run->layer ? " " : "",
                 run->name);
        if (run->count > 1)
            snprintf(count, sizeof(count), " x %" PRIu64, run->count);
        say("  0x%08" PRIx64 "  %s%s, %" PRIu64 " bytes", run->offset, name, count, run->bytes);
    }
    say_left_out(r->runs_count, INSPECT_RUNS_MAX);
}

static void say_notes(const char *what, const struct inspect_notes *notes)
{
    for (uint64_t i = 0; i < notes->count && i < INSPECT_NOTES_MAX; i++)
        say("  %s: %s", what, notes->text[i]);
    say_left_out(notes->count, INSPECT_NOTES_MAX);
}

static void say_conversion(const struct inspection *r)
{
    if (r->stream == INSPECT_LIBXC || r->stream == INSPECT_LIBXL)
        say("conversion: none, it is v2 already");
    if (r->stream != INSPECT_LEGACY)
        return;
    say("conversion: %s %s format, version %u", r->convertible ? "to" : "fails; it would be to",
        inspect_format_name(r->format), r->target_version);
    say_notes("lost", &r->lost);
    if (r->convertible && r->lost.count == 0)
        say("  lost: nothing");
}

static void say_error(const struct inspection *r)
{
    const struct cls_error *err = &r->err;

    if (!r->failed)
        return;
    if (err->about_input)
        say("error: byte 0x%" PRIx64 ": %s%s%s", err->offset, err->place, *err->place ? ": " : "",
            err->reason);
    else
        say("error: %s", err->reason);
}

bool inspect_print_text(const struct inspection *r, bool verbose, struct cls_error *err)
{
    say("input: %s, %" PRIu64 " bytes", r->input, r->end - r->start);
    say_envelope(r);
    say_stream(r);
    say_guest(r);
    if (r->guest != GUEST_UNKNOWN)
        say_pages(&r->pages);
    if (r->has_tsc)
        say("TSC: mode %" PRIu32 ", %" PRIu32 " kHz, %" PRIu64 " ns, incarnation %" PRIu32,
            r->tsc.mode, r->tsc.khz, r->tsc.nsec, r->tsc.incarnation);
    say_hvm(r);
    say_parts(r);
    say_conversion(r);
    if (r->remarks.count > 0)
        say("remarks:");
    say_notes("odd", &r->remarks);
    say_error(r);
    inspect_say_restore(r, verbose, say);
    return !ferror(stdout) || cls_fail_errno(err, errno, "cannot write standard output");
}
