#include "transcript.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

CLS_PRINTF(2, 3)
static void add_line(struct reading *reading, const char *fmt, ...)
{
    char text[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    put_text(&reading->text, text);
}

static void add_runs(struct reading *reading, const uint8_t *p, size_t n)
{
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && p[end] == p[i]; end++)
            ;
        add_line(reading, "%s%zu*%02x", i ? "," : " ", end - i, p[i]);
    }
}

static bool add_data(struct reading *reading, const struct image_data *data)
{
    static const uint64_t parts[] = {[EAT_ALL] = 1, [EAT_HALF] = 2};
    struct bytes b = {0};
    bool ok;

    if (data->bytes) {
        add_runs(reading, data->bytes, (size_t)data->len);
        return true;
    }
    if (reading->appetite == EAT_NOTHING) {
        add_line(reading, " %" PRIu64 " left", data->len);
        return true;
    }
    if (data->len == 0)
        return true;
    put_fill(&b, 0, (size_t)(data->len / parts[reading->appetite]));
    ok = cls_input_read(data->from, b.p, b.len, "bulk", &reading->err);
    if (ok)
        add_runs(reading, b.p, b.len);
    bytes_free(&b);
    return ok;
}

static bool add_frames(struct reading *reading, const struct image_p2m_frames *f)
{
    add_line(reading, "FRAMES %" PRIu32 "+%" PRIu32 "/%" PRIu32, f->first, f->count, f->total);
    for (uint32_t i = 0; i < f->count; i++)
        if (i < 4 || i == f->count - 1)
            add_line(reading, " %" PRIx64, f->frames[i]);
    return true;
}

static bool add_pages(struct reading *reading, const struct image_pages *pages)
{
    add_line(reading, "PAGES");
    for (uint32_t i = 0; i < pages->count; i++)
        if (i < 8 || i == pages->count - 1)
            add_line(reading, " %08" PRIx32, pages->entries[i]);
    add_line(reading, " |");
    return add_data(reading, &pages->data);
}

static bool add_params(struct reading *reading, const struct image_hvm_params *params)
{
    add_line(reading, "PARAMS");
    for (uint32_t i = 0; i < params->count; i++)
        add_line(reading, " %" PRIu64 "=%" PRIx64, params->params[i].index,
                 params->params[i].value);
    return true;
}

static bool add_vcpu(struct reading *reading, const char *what, const struct image_vcpu *vcpu)
{
    add_line(reading, "%s %" PRIu32 " |", what, vcpu->id);
    return add_data(reading, &vcpu->data);
}

static bool add_physmap(struct reading *reading, const struct image_physmap *physmap)
{
    struct image_physmap_entry e;
    size_t pos = 0;

    add_line(reading, "PHYSMAP");
    for (uint32_t i = 0; i < physmap->count; i++) {
        physmap->next(physmap->ctx, &pos, &e);
        add_line(reading, " %" PRIx64 "/%" PRIx64 "/%" PRIx64 "/%s", e.phys_offset, e.start_addr,
                 e.size, e.name ? e.name : "(none)");
    }
    return true;
}

static bool add_emulator(struct reading *reading, const struct image_emulator *emulator)
{
    add_line(reading, "EMULATOR ");
    for (size_t i = 0; i < emulator->lead_len; i++)
        if (emulator->lead[i] > 0x20 && emulator->lead[i] < 0x7f)
            add_line(reading, "%c", emulator->lead[i]);
        else
            add_line(reading, "[%02x]", emulator->lead[i]);
    add_line(reading, " |");
    return add_data(reading, &emulator->data);
}

static bool add_item(struct reading *reading, const struct image_item *item)
{
    switch (item->kind) {
    case IMAGE_BEGIN:
        add_line(reading, "BEGIN %s %" PRIx64, item->begin.guest == GUEST_PV ? "pv" : "hvm",
                 item->begin.p2m_size);
        return true;
    case IMAGE_PV_INFO:
        add_line(reading, "PV_INFO %u %u", item->pv_info.guest_width, item->pv_info.pt_levels);
        return true;
    case IMAGE_P2M_FRAMES:
        return add_frames(reading, &item->p2m_frames);
    case IMAGE_PAGES:
        return add_pages(reading, &item->pages);
    case IMAGE_TSC_INFO:
        add_line(reading,
                 "TSC mode %" PRIu32 " khz %" PRIu32 " nsec %" PRIu64 " incarnation %" PRIu32,
                 item->tsc_info.mode, item->tsc_info.khz, item->tsc_info.nsec,
                 item->tsc_info.incarnation);
        return true;
    case IMAGE_HVM_PARAMS:
        return add_params(reading, &item->hvm_params);
    case IMAGE_HVM_CONTEXT:
        add_line(reading, "HVM_CONTEXT");
        return add_data(reading, &item->data);
    case IMAGE_VCPU_BASIC:
        return add_vcpu(reading, "BASIC", &item->vcpu);
    case IMAGE_VCPU_EXTENDED:
        return add_vcpu(reading, "EXTENDED", &item->vcpu);
    case IMAGE_VCPU_XSAVE:
        return add_vcpu(reading, "XSAVE", &item->vcpu);
    case IMAGE_SHARED_INFO:
        add_line(reading, "SHARED_INFO");
        return add_data(reading, &item->data);
    case IMAGE_LIBXC_END:
        add_line(reading, "LIBXC_END");
        return true;
    case IMAGE_PHYSMAP:
        return add_physmap(reading, &item->physmap);
    case IMAGE_EMULATOR:
        return add_emulator(reading, &item->emulator);
    case IMAGE_END:
        add_line(reading, "END");
        return true;
    }
    add_line(reading, "unknown item %d", (int)item->kind);
    return false;
}

static bool read_items(struct reading *reading, struct legacy_reader *reader)
{
    struct image_item item;

    do {
        if (!legacy_reader_next(reader, &item, &reading->err) || !add_item(reading, &item))
            return false;
        add_line(reading, "\n");
    } while (item.kind != IMAGE_END);
    return true;
}

void reading_run_fd(struct reading *reading, int fd)
{
    struct spool store, spool;
    struct legacy_reader *reader;
    struct cls_input in;

    spool_open(&store);
    spool_open(&spool);
    reading->options.store = &store;
    reading->options.spool = &spool;
    cls_input_init(&in, fd, "stream", 0, NULL);
    reader = legacy_reader_new(&in, &reading->options, reading->log, &reading->err);
    if (CHECK(reader != NULL)) {
        reading->ok = read_items(reading, reader);
        if (reading->ok && reading->look_behind)
            CHECK(legacy_reader_sees_more(reader, &reading->sees_more, &reading->err));
        reading->rest_dropped = legacy_reader_rest_dropped(reader);
    }
    legacy_reader_free(reader);
    spool_close(&store);
    spool_close(&spool);
    reading->end_offset = in.offset;
    cls_input_release(&in);
    put_fill(&reading->text, 0, 1);
}

void reading_run(struct reading *reading, const struct bytes *stream)
{
    int fd = memfd_of(stream->p, stream->len);

    reading_run_fd(reading, fd);
    reading->fd_offset = lseek(fd, 0, SEEK_CUR);
    close(fd);
}

const char *reading_text(const struct reading *reading)
{
    return (const char *)reading->text.p;
}

void reading_free(struct reading *reading)
{
    bytes_free(&reading->text);
}
