#include "legacy/toolstack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "stream_format.h"

#define TOOLSTACK_SAVE_VERSION 1
#define BLOB_HEADER_SIZE       8  /* version, count */
#define ENTRY_HEADER_SIZE      28 /* phys_offset, start_addr, size, namelen */
#define ENTRY_PADDING_64       4  /* behind the name, in the layout of a 64-bit toolstack */
#define FIRST_ALLOCATION       4096

void toolstack_free(struct toolstack_blob *blob)
{
    free(blob->bytes);
    *blob = (struct toolstack_blob){0};
}

/* Of what the entry claims: more than 32 bits hold, maybe. */
static uint64_t entry_size(const struct toolstack_blob *blob, const uint8_t *entry)
{
    return ENTRY_HEADER_SIZE + (uint64_t)get_le32(entry + 24) +
           (blob->width == 8 ? ENTRY_PADDING_64 : 0);
}

/* Memory for more than was read before: grows with what really comes, not with what is claimed. */
static bool grow(struct toolstack_blob *blob, uint32_t len, struct cls_error *err)
{
    size_t capacity = blob->capacity ? 2 * blob->capacity : FIRST_ALLOCATION;
    uint8_t *bytes;

    if (capacity > len)
        capacity = len;
    bytes = realloc(blob->bytes, capacity);
    if (!bytes)
        return cls_fail_errno(err, ENOMEM, "cannot allocate memory for the toolstack blob");
    blob->bytes = bytes;
    blob->capacity = capacity;
    return true;
}

static bool read_bytes(struct toolstack_blob *blob, struct cls_input *in, uint32_t len,
                       struct cls_error *err)
{
    uint64_t start = in->offset;

    while (blob->len < len) {
        size_t got, want;

        if (blob->len == blob->capacity && !grow(blob, len, err))
            return false;
        want = (blob->capacity < len ? blob->capacity : len) - blob->len;
        if (!cls_input_read_some(in, blob->bytes + blob->len, want, &got, err))
            return false;
        blob->len += got;
        if (got < want)
            return cls_input_truncated(in, err, start, len, blob->len, "the toolstack blob");
    }
    return true;
}

/* The restore code of Xen 4.5 took the name up to its NUL; v2 readers want it printable. */
static bool check_name(struct cls_input *in, uint64_t offset, const uint8_t *name, uint32_t len,
                       struct cls_error *err)
{
    const uint8_t *end;

    if (len == 0)
        return true;
    end = memchr(name, '\0', len);
    if (!end)
        return cls_input_fail(in, err, offset,
                              "name of %" PRIu32 " bytes is not terminated by a NUL", len);
    for (const uint8_t *p = name; p < end; p++)
        if (*p < 0x20 || *p > 0x7e)
            return cls_input_fail(in, err, offset + (uint64_t)(p - name),
                                  "name contains the unprintable byte 0x%02x", *p);
    return true;
}

static bool check_entry(struct toolstack_blob *blob, struct cls_input *in, uint64_t blob_offset,
                        size_t *pos, struct cls_error *err)
{
    const uint8_t *entry = blob->bytes + *pos;
    size_t left = blob->len - *pos;

    if (left < ENTRY_HEADER_SIZE)
        return cls_input_fail(in, err, blob_offset + *pos,
                              "entry needs at least %d bytes, but %zu bytes of the blob are left",
                              ENTRY_HEADER_SIZE, left);
    if (entry_size(blob, entry) > left)
        return cls_input_fail(in, err, blob_offset + *pos,
                              "entry has %" PRIu64 " bytes, but %zu bytes of the blob are left",
                              entry_size(blob, entry), left);
    if (!check_name(in, blob_offset + *pos + ENTRY_HEADER_SIZE, entry + ENTRY_HEADER_SIZE,
                    get_le32(entry + 24), err))
        return false;
    *pos += (size_t)entry_size(blob, entry);
    return true;
}

/* blob_offset: of the blob's first byte in the input. */
static bool check_blob(struct toolstack_blob *blob, struct cls_input *in, uint64_t blob_offset,
                       struct cls_error *err)
{
    size_t pos = BLOB_HEADER_SIZE;
    uint32_t count;

    if (blob->len < BLOB_HEADER_SIZE)
        return cls_input_fail(in, err, blob_offset, "blob of %zu bytes is too short for a header",
                              blob->len);
    if (get_le32(blob->bytes) != TOOLSTACK_SAVE_VERSION)
        return cls_input_fail(in, err, blob_offset, "unknown blob version %" PRIu32,
                              get_le32(blob->bytes));
    count = get_le32(blob->bytes + 4);
    for (uint32_t i = 1; i <= count; i++) {
        cls_input_at(in, "toolstack entry", i, NULL);
        if (!check_entry(blob, in, blob_offset, &pos, err))
            return false;
    }
    blob->count = count;
    return true;
}

bool toolstack_read(struct toolstack_blob *blob, struct cls_input *in, uint32_t len, unsigned width,
                    struct cls_error *err)
{
    uint64_t start = in->offset;

    blob->len = 0;
    blob->count = 0;
    blob->width = width;
    if (len == 0)
        return true; /* as Xen's converter: no blob */
    if (len > TOOLSTACK_BLOB_MAX)
        return cls_input_fail(in, err, start, "blob length %" PRIu32 " is above the maximum %zu",
                              len, TOOLSTACK_BLOB_MAX);
    return read_bytes(blob, in, len, err) && check_blob(blob, in, start, err);
}

void toolstack_next(const void *ctx, size_t *pos, struct image_physmap_entry *entry)
{
    const struct toolstack_blob *blob = ctx;
    const uint8_t *p;

    if (*pos == 0)
        *pos = BLOB_HEADER_SIZE;
    p = blob->bytes + *pos;
    entry->phys_offset = get_le64(p);
    entry->start_addr = get_le64(p + 8);
    entry->size = get_le64(p + 16);
    entry->name = get_le32(p + 24) ? (const char *)p + ENTRY_HEADER_SIZE : NULL;
    *pos += (size_t)entry_size(blob, p);
}
