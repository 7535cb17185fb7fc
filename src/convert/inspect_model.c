#include "inspect_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/page_type.h"

/*
 * Sizes of what precedes a device model's state: libxl's header (an id that the verifier checked, 0
 * to 2, and an index), or a signature. Every state that QEMU saves begins with u32 magic and
 * version, big endian.
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

/* Ends the current run; the next part begins at offset. */
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

    /* There was no item for the last batch: all its entries were XTAB. */
    pages->entries[PFINFO_XTAB] += pages->batch_entries;
    pages->batch_entries = is_part(part, NULL, "page batch") ? part->count : 0;
    inspection->checkpoints_before += is_part(part, NULL, "tail of a checkpoint");
    if (is_part(part, NULL, "unmapped pfns") && part->count > 0)
        inspect_note(&inspection->lost,
                     "list of %llu unmapped pfns: v2 has no record for it (matters only if the "
                     "guest released memory during a live save)",
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
 * The lead is the qemu record's signature and, mostly, its length (with a newline between them
 * where XAPI wrote it), or libxl's header.
 */
static void take_emulator(struct inspection *inspection, const struct image_emulator *item,
                          uint64_t offset, uint64_t bytes)
{
    static const char *const libxl_kinds[] = {"unknown", "qemu-traditional", "qemu upstream"};
    struct inspect_emulator *emulator = &inspection->emulator;
    const struct image_data *data = &item->data;

    *emulator = (struct inspect_emulator){.found = true, .bytes = bytes, .offset = offset};
    if (item->lead_len == EMULATOR_HEADER)
        snprintf(emulator->kind, sizeof(emulator->kind), "%s", libxl_kinds[item->lead[0] % 3]);
    else
        snprintf(emulator->kind, sizeof(emulator->kind), "%.*s%s", SIGNATURE_SIZE,
                 (const char *)item->lead, item->lead_len > SIGNATURE_SIZE + 4 ? " of XAPI" : "");
    emulator->savevm =
        data->bytes && data->len >= QEVM_HEADER && get_be32(data->bytes) == QEVM_MAGIC;
    emulator->savevm_version = emulator->savevm ? get_be32(data->bytes + 4) : 0;
}

/* How many of which type, and how often the saver came back to the same. */
void inspect_page(void *ctx, unsigned type, uint64_t pfn)
{
    struct inspection *inspection = ctx;
    struct inspect_pages *pages = &inspection->pages;

    pages->entries[type]++;
    if (type == PFINFO_XTAB)
        return;
    if (pages->mapped++ == 0 || pfn <= pages->last_pfn)
        pages->passes++;
    pages->last_pfn = pfn;
    (void)pfn_set_add(&pages->seen, pfn);
    pages->distinct = pages->seen.count;
}

static void take_pages(struct inspection *inspection, const struct image_pages *item)
{
    struct inspect_pages *pages = &inspection->pages;

    /* Entries of the batch that are not in the item were XTAB. */
    if (pages->batch_entries > item->count)
        pages->entries[PFINFO_XTAB] += pages->batch_entries - item->count;
    pages->batch_entries = 0;
    for (uint32_t i = 0; i < item->count; i++)
        inspect_page(inspection, item->entries[i] >> 28, item->entries[i] & 0x0fffffff);
}

/* Notes the item's values; data that is of use is read into memory. */
bool inspect_item(void *ctx, const struct image_item *read, struct cls_error *err)
{
    struct inspection *inspection = ctx;
    const struct image_data *emulator = &read->emulator.data;
    uint64_t offset = read->kind == IMAGE_EMULATOR && emulator->from ? emulator->from->offset : 0;
    struct image_item held = *read;
    const struct image_item *item = &held;

    if (!limits_hold_available(&inspection->hold, &held, err))
        return false;
    limits_facts_item(&inspection->facts, item);
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
        return inspect_l1tf(inspection, &item->pages, err);
    case IMAGE_TSC_INFO:
        inspection->has_tsc = true;
        inspection->tsc = item->tsc_info;
        return true;
    case IMAGE_HVM_PARAMS:
        take_params(inspection, &item->hvm_params);
        return true;
    case IMAGE_HVM_CONTEXT:
        inspection->hvm_context_bytes = read->data.len;
        inspection->vcpus = inspection->facts.cpu_records;
        return true;
    case IMAGE_VCPU_BASIC:
        inspection->vcpus++;
        return true;
    case IMAGE_PHYSMAP:
        take_physmap(inspection, &item->physmap);
        return true;
    case IMAGE_EMULATOR:
        take_emulator(inspection, &item->emulator, offset, emulator->len);
        return true;
    default:
        return true;
    }
}
