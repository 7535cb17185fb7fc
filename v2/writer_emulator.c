#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "record.h"
#include "v2/format.h"
#include "writer_internal.h"

/* Holds "physmap/<16 hex digits>/start_addr" and the NUL, or a value of 16 hex digits. */
#define STRING_MAX 48

static void put_emulator_header(uint8_t header[EMULATOR_HDR_SIZE])
{
    put_le32(header, EMULATOR_ID_UNKNOWN);
    put_le32(header + 4, 0); /* index */
}

/*
 * Counts the bytes of strings with their NULs, or writes them as well, so that the same walk over
 * the entries gives the record's length and its body.
 */
struct string_sink {
    struct cls_output *out; /* NULL: only count */
    uint64_t length;
};

static bool put_string(struct string_sink *sink, const char *s, struct cls_error *err)
{
    size_t n = strlen(s) + 1;

    sink->length += n;
    return !sink->out || cls_output_write(sink->out, s, n, err);
}

static bool put_key(struct string_sink *sink, uint64_t phys_offset, const char *leaf,
                    struct cls_error *err)
{
    char key[STRING_MAX];

    snprintf(key, sizeof(key), "physmap/%" PRIx64 "/%s", phys_offset, leaf);
    return put_string(sink, key, err);
}

static bool put_hex(struct string_sink *sink, uint64_t value, struct cls_error *err)
{
    char text[STRING_MAX];

    snprintf(text, sizeof(text), "%" PRIx64, value);
    return put_string(sink, text, err);
}

static bool put_entry(struct string_sink *sink, const struct image_physmap_entry *e,
                      struct cls_error *err)
{
    return put_key(sink, e->phys_offset, "start_addr", err) && put_hex(sink, e->start_addr, err) &&
           put_key(sink, e->phys_offset, "size", err) && put_hex(sink, e->size, err) &&
           (!e->name ||
            (put_key(sink, e->phys_offset, "name", err) && put_string(sink, e->name, err)));
}

static bool put_entries(struct string_sink *sink, const struct image_physmap *physmap,
                        struct cls_error *err)
{
    struct image_physmap_entry entry;
    size_t pos = 0;

    for (uint32_t i = 0; i < physmap->count; i++) {
        physmap->next(physmap->ctx, &pos, &entry);
        if (!put_entry(sink, &entry, err))
            return false;
    }
    return true;
}

bool put_physmap(struct v2_writer *w, const struct image_physmap *physmap, struct cls_error *err)
{
    struct string_sink count = {0}, body = {.out = w->out};
    uint8_t header[EMULATOR_HDR_SIZE];
    uint64_t length;

    if (w->options.format != V2_LIBXL)
        return true; /* libxc format has no place for it */
    if (!put_entries(&count, physmap, err))
        return false;
    length = sizeof(header) + count.length;
    put_emulator_header(header);
    return record_begin(w->out, LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA, length, err) &&
           cls_output_write(w->out, header, sizeof(header), err) &&
           put_entries(&body, physmap, err) && record_pad(w->out, length, err);
}

bool put_emulator(struct v2_writer *w, const struct image_emulator *emulator, struct cls_error *err)
{
    uint8_t header[EMULATOR_HDR_SIZE];

    if (w->options.format == V2_LIBXC)
        return cls_output_write(w->out, emulator->lead, emulator->lead_len, err) &&
               put_data(w->out, &emulator->data, "the qemu record", err);
    put_emulator_header(header);
    return record_put(w->out, LIBXL_REC_TYPE_EMULATOR_CONTEXT, header, sizeof(header),
                      &emulator->data, err);
}
