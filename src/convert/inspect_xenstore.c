/*
 * The physmap entries in libxl's EMULATOR_XENSTORE_DATA: key NUL value NUL ..., with keys
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
    struct inspect_xenstore *x = &inspection->xenstore;

    if (count == 0 || x->phys_offset != phys_offset) {
        x->phys_offset = phys_offset;
        inspection->physmap_count = ++count;
        if (count <= INSPECT_PHYSMAP_MAX)
            inspection->physmap[count - 1] = (struct inspect_physmap){.phys_offset = phys_offset};
    }
    return count <= INSPECT_PHYSMAP_MAX ? &inspection->physmap[count - 1] : NULL;
}

static void take_pair(struct inspection *inspection, const char *key, const char *value)
{
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

void inspect_xenstore(void *ctx, const uint8_t *bytes, size_t n)
{
    struct inspection *inspection = ctx;
    struct inspect_xenstore *x = &inspection->xenstore;

    for (size_t i = 0; i < n; i++) {
        char *string = x->in_value ? x->value : x->key;

        /* What is too long for a string of interest is cut. */
        if (x->length < INSPECT_STRING_MAX - 1)
            string[x->length++] = (char)bytes[i];
        if (bytes[i] != '\0')
            continue;
        string[x->length] = '\0';
        if (x->in_value)
            take_pair(inspection, x->key, x->value);
        x->in_value = !x->in_value;
        x->length = 0;
    }
}
