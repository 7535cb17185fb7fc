#include "inspect_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/page_type.h"

/* Records of a HVM context: u16 type, u16 instance, u32 length, body (xen/include/public/hvm/save.h
 * and arch-x86/hvm/save.h: CPU_CODE). */
#define HVM_DESCRIPTOR 8
#define HVM_RECORD_END    0
#define HVM_RECORD_CPU    2

/* Some ten for each vcpu and as many for all. Bounds the time that a context can cost. */
#define HVM_RECORDS_MAX 100000

/*
 * What precedes a device model's state in a libxl stream (an id from 0 to 2, which the verifier has
 * seen to) or elsewhere; and what every state that qemu saves begins with: u32 magic and version,
 * big endian.
 */
#define EMULATOR_HEADER 8
#define SIGNATURE_SIZE  21
#define QEVM_HEADER     8
#define QEVM_MAGIC      0x5145564du

void inspect_note(struct inspect_notes *notes, const char *fmt, ...)
{
    va_list args;

    if (notes->count++ >= INSPECT_NOTES_MAX)
        return;
    va_start(args, fmt);
    vsnprintf(notes->text[notes->count - 1], sizeof(notes->text[0]), fmt, args);
    va_end(args);
}

/* The run at hand is over; the next part begins at offset. */
static void end_run(struct inspection *inspection, uint64_t offset)
{
    struct inspect_run *run = &inspection->run;

    if (run->count == 0)
        return;
    run->bytes = offset - run->offset;
    if (inspection->runs_count++ < INSPECT_RUNS_MAX)
        inspection->runs[inspection->runs_count - 1] = *run;
    run->count = 0;
}

static bool is_part(const struct stream_part *part, const char *layer, const char *name)
{
    bool same_layer = layer && part->layer ? strcmp(layer, part->layer) == 0 : layer == part->layer;

    return same_layer && strcmp(name, part->name) == 0;
}

void inspect_part(void *ctx, const struct stream_part *part)
{
    struct inspection *inspection = ctx;
    struct inspect_pages *pages = &inspection->pages;
    struct inspect_run *run = &inspection->run;

    /* Of the last batch came no item: all its entries were XTAB. */
    pages->entries[PFINFO_XTAB] += pages->batch_entries;
    pages->batch_entries = is_part(part, NULL, "page batch") ? part->count : 0;
    inspection->checkpoints_before += is_part(part, NULL, "tail of a checkpoint");
    if (is_part(part, NULL, "unmapped pfns") && part->count > 0)
        inspect_note(&inspection->lost,
                     "the list of %llu unmapped pfns: v2 cannot take pages back (it matters only "
                     "where the guest shrank while it was saved live)",
                     (unsigned long long)part->count);
    if (run->count > 0 && !is_part(part, run->layer, run->name))
        end_run(inspection, part->offset);
    if (run->count++ == 0) {
        run->layer = part->layer;
        run->name = part->name;
        run->offset = part->offset;
    }
}

void inspect_end(struct inspection *inspection, uint64_t offset)
{
    end_run(inspection, offset);
    if (inspection->stream_end == 0)
        inspection->stream_end = offset;
}

/* Up to n bytes of data, and where they were taken. */
static bool take_data(struct image_data *data, uint8_t *buf, size_t n, size_t *got,
                      struct cls_error *err)
{
    if (n > data->len)
        n = (size_t)data->len;
    *got = n;
    if (data->bytes) {
        memcpy(buf, data->bytes, n);
        data->bytes += n;
    } else if (!cls_input_read_some(data->from, buf, n, got, err)) {
        return false;
    }
    data->len -= n;
    return true;
}

static bool skip_data(struct image_data *data, uint64_t n, struct cls_error *err)
{
    data->len -= n;
    if (!data->bytes)
        return cls_input_skip(data->from, n, "the HVM context", err);
    data->bytes += n;
    return true;
}

/* Counts the records of vcpus. A context that is not sound is Xen's to judge. */
static bool take_hvm_context(struct inspection *inspection, struct image_data data,
                             struct cls_error *err)
{
    inspection->hvm_context_bytes = data.len;
    inspection->vcpus = 0;
    for (uint32_t i = 0; i < HVM_RECORDS_MAX; i++) {
        uint8_t header[HVM_DESCRIPTOR];
        size_t got;

        if (!take_data(&data, header, sizeof(header), &got, err))
            return false;
        if (got < sizeof(header) || get_le16(header) == HVM_RECORD_END ||
            get_le32(header + 4) > data.len)
            break;
        inspection->vcpus += get_le16(header) == HVM_RECORD_CPU;
        if (!skip_data(&data, get_le32(header + 4), err))
            return false;
    }
    return true;
}

static void take_params(struct inspection *inspection, const struct image_hvm_params *params)
{
    for (uint32_t i = 0; i < params->count; i++)
        if (inspection->params_count++ < INSPECT_PARAMS_MAX)
            inspection->params[inspection->params_count - 1] = params->params[i];
}

static void take_physmap(struct inspection *inspection, const struct image_physmap *physmap)
{
    struct image_physmap_entry e;
    size_t pos = 0;

    inspection->physmap_count = physmap->count;
    for (uint32_t i = 0; i < physmap->count && i < INSPECT_PHYSMAP_MAX; i++) {
        struct inspect_physmap *entry = &inspection->physmap[i];

        physmap->next(physmap->ctx, &pos, &e);
        *entry = (struct inspect_physmap){e.phys_offset, e.start_addr, e.size, e.name != NULL, ""};
        if (e.name)
            snprintf(entry->name, sizeof(entry->name), "%s", e.name);
    }
}

/*
 * The lead is the qemu record's signature and mostly its length, with a newline in between where
 * XAPI wrote it, or libxl's header.
 */
static bool take_emulator(struct inspection *inspection, const struct image_emulator *item,
                          struct cls_error *err)
{
    static const char *const libxl_kinds[] = {"unknown", "qemu-traditional", "qemu upstream"};
    struct inspect_emulator *emulator = &inspection->emulator;
    struct image_data data = item->data;
    uint8_t header[QEVM_HEADER];
    size_t got;

    *emulator = (struct inspect_emulator){.found = true, .bytes = data.len};
    emulator->offset = data.from ? data.from->offset : 0;
    if (item->lead_len == EMULATOR_HEADER)
        snprintf(emulator->kind, sizeof(emulator->kind), "%s", libxl_kinds[item->lead[0] % 3]);
    else
        snprintf(emulator->kind, sizeof(emulator->kind), "%.*s%s", SIGNATURE_SIZE,
                 (const char *)item->lead, item->lead_len > SIGNATURE_SIZE + 4 ? " of XAPI" : "");
    if (!take_data(&data, header, sizeof(header), &got, err))
        return false;
    emulator->savevm = got == sizeof(header) && get_be32(header) == QEVM_MAGIC;
    emulator->savevm_version = emulator->savevm ? get_be32(header + 4) : 0;
    return true;
}

static void take_pages(struct inspection *inspection, const struct image_pages *item)
{
    struct inspect_pages *pages = &inspection->pages;

    /* What the batch has and the item has not was XTAB. */
    if (pages->batch_entries > item->count)
        pages->entries[PFINFO_XTAB] += pages->batch_entries - item->count;
    pages->batch_entries = 0;
    for (uint32_t i = 0; i < item->count; i++)
        inspect_page(inspection, item->entries[i] >> 28, item->entries[i] & 0x0fffffff);
}

bool inspect_item(void *ctx, const struct image_item *item, struct cls_error *err)
{
    struct inspection *inspection = ctx;

    switch (item->kind) {
    case IMAGE_BEGIN:
        inspection->guest = item->begin.guest;
        inspection->p2m_size = item->begin.p2m_size;
        return true;
    case IMAGE_PV_INFO:
        inspection->guest_width = item->pv_info.guest_width;
        inspection->pt_levels = item->pv_info.pt_levels;
        return true;
    case IMAGE_P2M_FRAMES:
        if (item->p2m_frames.p2m_size > inspection->p2m_size)
            inspection->p2m_size = item->p2m_frames.p2m_size;
        return true;
    case IMAGE_PAGES:
        take_pages(inspection, &item->pages);
        return true;
    case IMAGE_TSC_INFO:
        inspection->has_tsc = true;
        inspection->tsc = item->tsc_info;
        return true;
    case IMAGE_HVM_PARAMS:
        take_params(inspection, &item->hvm_params);
        return true;
    case IMAGE_HVM_CONTEXT:
        return take_hvm_context(inspection, item->data, err);
    case IMAGE_VCPU_BASIC:
        inspection->vcpus++;
        return true;
    case IMAGE_PHYSMAP:
        take_physmap(inspection, &item->physmap);
        return true;
    case IMAGE_EMULATOR:
        return take_emulator(inspection, &item->emulator, err);
    default:
        return true;
    }
}
