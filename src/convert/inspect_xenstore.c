/*
 * The physmap entries in libxl's EMULATOR_XENSTORE_DATA, with keys
 * "physmap/<phys_offset>/start_addr", "size" and "name" (libxl__restore_emulator_xenstore_data() in
 * tools/libs/light/libxl_dom.c, xen_read_physmap() in QEMU). An entry's keys follow each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect_model.h"

#define PREFIX "physmap/"

/* The entry of this phys_offset; NULL where there is no room for it. */
static struct inspect_physmap *find_entry(struct inspection *inspection, uint64_t phys_offset)
{
    uint64_t count = inspection->physmap_count;

    if (count == 0 || inspection->physmap_last != phys_offset) {
        inspection->physmap_last = phys_offset;
        inspection->physmap_count = ++count;
        if (count <= INSPECT_PHYSMAP_MAX)
            inspection->physmap[count - 1] = (struct inspect_physmap){.phys_offset = phys_offset};
    }
    return count <= INSPECT_PHYSMAP_MAX ? &inspection->physmap[count - 1] : NULL;
}

void inspect_xenstore(void *ctx, const char *key, const char *value)
{
    struct inspection *inspection = ctx;
    struct inspect_physmap *entry;
    uint64_t phys_offset;
    char *leaf;

    if (strncmp(key, PREFIX, strlen(PREFIX)) != 0) {
        inspection->other_keys++;
        return;
    }
    phys_offset = strtoull(key + strlen(PREFIX), &leaf, 16);
    entry = find_entry(inspection, phys_offset);
    if (!entry)
        return;
    if (strcmp(leaf, "/start_addr") == 0) {
        entry->start_addr = strtoull(value, NULL, 16);
    } else if (strcmp(leaf, "/size") == 0) {
        entry->size = strtoull(value, NULL, 16);
    } else if (strcmp(leaf, "/name") == 0) {
        entry->named = true;
        snprintf(entry->name, sizeof(entry->name), "%s", value);
    }
}
