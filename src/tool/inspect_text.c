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
static void print_line(const char *fmt, ...)
{
    char line[2048], escaped[2048];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    messages_escape(line, escaped, sizeof(escaped));
    puts(escaped);
}

static void print_omitted(uint64_t count, uint64_t max)
{
    if (count > max)
        print_line("  and %" PRIu64 " more", count - max);
}

/* "4.5 MiB", or "16 KiB" below 1 MiB. */
static const char *format_memory(uint64_t pages, char *buf, size_t size)
{
    uint64_t kib = pages * (CLS_PAGE_SIZE / 1024);

    if (kib < 1024)
        snprintf(buf, size, "%" PRIu64 " KiB", kib);
    else
        snprintf(buf, size, "%.1f MiB", (double)kib / 1024);
    return buf;
}

static void print_envelope(const struct inspection *r)
{
    if (!r->envelope)
        return;
    if (r->config.format == ENVELOPE_CONFIG_NONE)
        print_line("container: %s", r->envelope);
    else
        print_line("container: %s, with a %s config of %" PRIu32 " bytes at byte 0x%" PRIx64,
                   r->envelope, inspect_config_name(r->config.format), r->config.len,
                   r->config.offset);
    if (*r->name)
        print_line("  name: %s", r->name);
    if (*r->uuid)
        print_line("  uuid: %s", r->uuid);
    if (r->config_guest != GUEST_UNKNOWN)
        print_line("  guest: %s", inspect_guest_name(r->config_guest));
}

static void print_stream(const struct inspection *r)
{
    uint64_t bytes = r->stream_end - r->stream_offset;

    if (r->stream == INSPECT_LEGACY)
        print_line("stream: legacy, %u-bit toolstack, %" PRIu64 " bytes at byte 0x%" PRIx64,
                   r->width * 8, bytes, r->stream_offset);
    if (r->checkpoints_before > 0)
        print_line("checkpoints: %" PRIu64 " (the last one is used)", r->checkpoints_before + 1);
    if (r->stream == INSPECT_LIBXC || r->stream == INSPECT_LIBXL)
        print_line("stream: %s, version %u, %s, %" PRIu64 " bytes at byte 0x%" PRIx64,
                   inspect_stream_name(r->stream), r->version,
                   r->converted ? "converted from legacy" : "saved by Xen", bytes,
                   r->stream_offset);
}

static void print_guest(const struct inspection *r)
{
    char size[32];

    if (r->guest == GUEST_UNKNOWN)
        return;
    if (r->guest_width)
        print_line("guest: %s, %u bits, %u page table levels, vcpus: %" PRIu64,
                   inspect_guest_name(r->guest), r->guest_width * 8, r->pt_levels, r->vcpus);
    else
        print_line("guest: %s, vcpus: %" PRIu64, inspect_guest_name(r->guest), r->vcpus);
    if (r->p2m_size)
        print_line("p2m size: %" PRIu64 " pages (%s)", r->p2m_size,
                   format_memory(r->p2m_size, size, sizeof(size)));
}

static void print_pages(const struct inspect_pages *pages)
{
    char size[32];

    print_line("pages: %" PRIu64 " entries, passes: %" PRIu64, inspect_entries(pages),
               pages->passes);
    for (unsigned type = 0; type < 16; type++)
        if (pages->entries[type])
            print_line("  %s: %" PRIu64, page_type_name(type), pages->entries[type]);
    print_line("  RAM: %" PRIu64 " different pages (%s), sent again: %" PRIu64, pages->distinct,
               format_memory(pages->distinct, size, sizeof(size)), pages->mapped - pages->distinct);
}

static void print_params(const struct inspection *r)
{
    print_line("HVM parameters: %" PRIu64, r->params_count);
    for (uint64_t i = 0; i < r->params_count && i < INSPECT_PARAMS_MAX; i++) {
        const char *name = hvm_param_name(r->params[i].index);

        print_line("  %s (%" PRIu64 ") = 0x%" PRIx64, name ? name : "unknown", r->params[i].index,
                   r->params[i].value);
    }
    print_omitted(r->params_count, INSPECT_PARAMS_MAX);
}

static void print_physmap(const struct inspection *r)
{
    print_line("physmap entries: %" PRIu64, r->physmap_count);
    for (uint64_t i = 0; i < r->physmap_count && i < INSPECT_PHYSMAP_MAX; i++) {
        const struct inspect_physmap *e = &r->physmap[i];

        print_line("  0x%" PRIx64 " bytes at 0x%" PRIx64 ", offset 0x%" PRIx64 "%s%s", e->size,
                   e->start_addr, e->phys_offset, e->named ? ": " : "", e->name);
    }
    print_omitted(r->physmap_count, INSPECT_PHYSMAP_MAX);
    if (r->other_keys)
        print_line("other keys for xenstore: %" PRIu64, r->other_keys);
}

static void print_hvm(const struct inspection *r)
{
    const struct inspect_emulator *e = &r->emulator;

    if (r->guest != GUEST_HVM)
        return;
    print_params(r);
    print_line("HVM context: %" PRIu64 " bytes", r->hvm_context_bytes);
    print_physmap(r);
    if (!e->found)
        print_line("qemu record: none");
    else if (e->savevm)
        print_line("qemu record: %s, %" PRIu64 " bytes, savevm version %" PRIu32, e->kind, e->bytes,
                   e->savevm_version);
    else
        print_line("qemu record: %s, %" PRIu64 " bytes, not of savevm", e->kind, e->bytes);
}

static void print_parts(const struct inspection *r)
{
    if (r->runs_count == 0)
        return;
    print_line("parts:");
    for (uint64_t i = 0; i < r->runs_count && i < INSPECT_RUNS_MAX; i++) {
        const struct inspect_run *run = &r->runs[i];
        char name[64], count[32] = "";

        snprintf(name, sizeof(name), "%s%s%s", run->layer ? run->layer : "", run->layer ? " " : "",
                 run->name);
        if (run->count > 1)
            snprintf(count, sizeof(count), " x %" PRIu64, run->count);
        print_line("  0x%08" PRIx64 "  %s%s, %" PRIu64 " bytes", run->offset, name, count,
                   run->bytes);
    }
    print_omitted(r->runs_count, INSPECT_RUNS_MAX);
}

static void print_notes(const char *what, const struct inspect_notes *notes)
{
    for (uint64_t i = 0; i < notes->count && i < INSPECT_NOTES_MAX; i++)
        print_line("  %s: %s", what, notes->text[i]);
    print_omitted(notes->count, INSPECT_NOTES_MAX);
}

static void print_conversion(const struct inspection *r)
{
    if (r->stream == INSPECT_LIBXC || r->stream == INSPECT_LIBXL)
        print_line("conversion: none, already v2");
    if (r->stream != INSPECT_LEGACY)
        return;
    print_line("conversion: %s %s format, version %u",
               r->convertible ? "to" : "fails; target:", inspect_format_name(r->format),
               r->target_version);
    print_notes("lost", &r->lost);
    if (r->convertible && r->lost.count == 0)
        print_line("  lost: nothing");
}

static void print_error(const struct inspection *r)
{
    const struct cls_error *err = &r->err;

    if (!r->failed)
        return;
    if (err->about_input)
        print_line("error: byte 0x%" PRIx64 ": %s%s%s", err->offset, err->place,
                   *err->place ? ": " : "", err->reason);
    else
        print_line("error: %s", err->reason);
}

bool inspect_print_text(const struct inspection *r, bool verbose, struct cls_error *err)
{
    print_line("input: %s, %" PRIu64 " bytes", r->input, r->end - r->start);
    print_envelope(r);
    print_stream(r);
    print_guest(r);
    if (r->guest != GUEST_UNKNOWN)
        print_pages(&r->pages);
    if (r->has_tsc)
        print_line("TSC: mode %" PRIu32 ", %" PRIu32 " kHz, %" PRIu64 " ns, incarnation %" PRIu32,
                   r->tsc.mode, r->tsc.khz, r->tsc.nsec, r->tsc.incarnation);
    print_hvm(r);
    print_parts(r);
    print_conversion(r);
    if (r->remarks.count > 0)
        print_line("remarks:");
    print_notes("odd", &r->remarks);
    print_error(r);
    inspect_print_restore(r, verbose, print_line);
    return !ferror(stdout) || cls_fail_errno(err, errno, "cannot write standard output");
}
