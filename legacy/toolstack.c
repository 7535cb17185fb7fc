#include "legacy/toolstack.h"

#include <inttypes.h>

#include "base/bytes.h"

#define TOOLSTACK_SAVE_VERSION 1
#define ENTRY_HEADER_SIZE      28 /* phys_offset, start_addr, size, namelen */
#define ENTRY_PADDING_64       4  /* behind the name, in the layout of a 64-bit toolstack */

void toolstack_free(struct toolstack_blob *blob)
{
    cls_held_free(&blob->held);
    *blob = (struct toolstack_blob){0};
}

/* The size that the entry claims, which may need more than 32 bits. */
static uint64_t entry_size(const struct toolstack_blob *blob, const uint8_t *entry)
{
    return ENTRY_HEADER_SIZE + (uint64_t)get_le32(entry + 24) +
           (blob->width == 8 ? ENTRY_PADDING_64 : 0);
}

/* The restore code of Xen 4.5 took the name up to its NUL; v2 readers need it to be printable. */
static bool check_name(struct cls_input *in, uint64_t offset, const uint8_t *name, uint32_t len,
                       struct cls_error *err)
{
    for (uint32_t i = 0; i < len; i++) {
        if (name[i] == '\0')
            return true;
        if (name[i] < 0x20 || name[i] > 0x7e)
            return cls_input_fail(in, err, offset + i, "name contains the unprintable byte 0x%02x",
                                  name[i]);
    }
    return len == 0 || cls_input_fail(in, err, offset,
                                      "name of %" PRIu32 " bytes is not terminated by a NUL", len);
}

/* Checks the entry at *pos, and moves *pos behind it. at: its offset in the input. */
static bool check_entry(const struct toolstack_blob *blob, struct cls_input *in, uint64_t at,
                        size_t *pos, struct cls_error *err)
{
    const uint8_t *entry = blob->held.bytes + *pos;
    size_t left = blob->held.len - *pos;

    if (left < ENTRY_HEADER_SIZE)
        return cls_input_fail(in, err, at,
                              "entry needs at least %d bytes, but %zu bytes of the blob are left",
                              ENTRY_HEADER_SIZE, left);
    if (entry_size(blob, entry) > left)
        return cls_input_fail(in, err, at,
                              "entry has %" PRIu64 " bytes, but %zu bytes of the blob are left",
                              entry_size(blob, entry), left);
    *pos += (size_t)entry_size(blob, entry);
    return check_name(in, at + ENTRY_HEADER_SIZE, entry + ENTRY_HEADER_SIZE, get_le32(entry + 24),
                      err);
}

bool toolstack_read(struct toolstack_blob *blob, struct cls_input *in, uint32_t len, unsigned width,
                    struct cls_error *err)
{
    uint64_t start = in->offset;
    size_t pos = TOOLSTACK_BLOB_HEADER;
    uint32_t count;

    blob->held.len = 0;
    blob->count = 0;
    blob->width = width;
    if (len == 0)
        return true; /* no blob, as for Xen's converter */
    if (len > TOOLSTACK_BLOB_MAX)
        return cls_input_fail(in, err, start, "blob length %" PRIu32 " is above the maximum %zu",
                              len, TOOLSTACK_BLOB_MAX);
    if (!cls_held_read(&blob->held, in, len, "the toolstack blob", err))
        return false;
    if (len < TOOLSTACK_BLOB_HEADER)
        return cls_input_fail(in, err, start, "blob of %" PRIu32 " bytes is too short for a header",
                              len);
    if (get_le32(blob->held.bytes) != TOOLSTACK_SAVE_VERSION)
        return cls_input_fail(in, err, start, "unknown blob version %" PRIu32,
                              get_le32(blob->held.bytes));
    count = get_le32(blob->held.bytes + 4);
    for (uint32_t i = 1; i <= count; i++) {
        cls_input_at(in, "toolstack entry", i, NULL);
        if (!check_entry(blob, in, start + pos, &pos, err))
            return false;
    }
    blob->count = count;
    return true;
}

void toolstack_next(const void *ctx, size_t *pos, struct image_physmap_entry *entry)
{
    const struct toolstack_blob *blob = ctx;
    const uint8_t *p;

    if (*pos == 0)
        *pos = TOOLSTACK_BLOB_HEADER;
    p = blob->held.bytes + *pos;
    entry->phys_offset = get_le64(p);
    entry->start_addr = get_le64(p + 8);
    entry->size = get_le64(p + 16);
    entry->name = get_le32(p + 24) ? (const char *)p + ENTRY_HEADER_SIZE : NULL;
    *pos += (size_t)entry_size(blob, p);
}
