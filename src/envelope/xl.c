#include "xl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/move.h"

#define OFFSET_BYTE_ORDER        32
#define OFFSET_MANDATORY_FLAGS   36
#define OFFSET_OPTIONAL_DATA_LEN 44

#define SAVEFILE_BYTEORDER_VALUE   0x01020304u
#define XL_MANDATORY_FLAG_JSON     1u
#define XL_MANDATORY_FLAG_STREAMv2 2u

#define XL_HEADER_SIZE  48
#define XL_MAGIC_SIZE   32
#define CONFIG_LEN_SIZE 4

static const char xl_magic[XL_MAGIC_SIZE + 1] = "Xen saved domain, xl format\n \0 \r";

static bool check_header(struct cls_input *in, uint64_t start, const uint8_t *header,
                         struct cls_error *err)
{
    uint32_t byte_order = get_le32(header + OFFSET_BYTE_ORDER);
    uint32_t flags = get_le32(header + OFFSET_MANDATORY_FLAGS);
    uint32_t len = get_le32(header + OFFSET_OPTIONAL_DATA_LEN);

    if (byte_order != SAVEFILE_BYTEORDER_VALUE)
        return cls_input_fail(in, err, start + OFFSET_BYTE_ORDER,
                              "byte order 0x%08" PRIx32 ", expected 0x%08x", byte_order,
                              SAVEFILE_BYTEORDER_VALUE);
    if (flags & ~(XL_MANDATORY_FLAG_JSON | XL_MANDATORY_FLAG_STREAMv2))
        return cls_input_fail(in, err, start + OFFSET_MANDATORY_FLAGS,
                              "unknown mandatory flags in 0x%" PRIx32, flags);
    if (len > ENVELOPE_CONFIG_MAX || (len > 0 && len < CONFIG_LEN_SIZE))
        return cls_input_fail(in, err, start + OFFSET_OPTIONAL_DATA_LEN,
                              "optional data length %" PRIu32
                              " is neither 0 nor in the range %d to %u",
                              len, CONFIG_LEN_SIZE, ENVELOPE_CONFIG_MAX);
    return true;
}

/* Peeks only at config_len: the config itself need not be read to be copied. */
static bool check_config_len(struct cls_input *in, uint32_t optional_data_len,
                             const struct cls_log *log, struct cls_error *err)
{
    const uint8_t *b;
    uint32_t config_len, room = optional_data_len - CONFIG_LEN_SIZE;
    size_t got;

    if (!cls_input_peek(in, CONFIG_LEN_SIZE, &b, &got, err))
        return false;
    if (got < CONFIG_LEN_SIZE)
        return cls_input_truncated(in, err, in->offset, optional_data_len, got, "optional data");
    config_len = get_le32(b);
    if (config_len > room)
        return cls_input_fail(in, err, in->offset,
                              "config of %" PRIu32 " bytes does not fit into %" PRIu32
                              " bytes of optional data",
                              config_len, optional_data_len);
    if (config_len < room)
        cls_warn(log, "xl header: %" PRIu32 " bytes after the config, ignored by xl",
                 room - config_len);
    return true;
}

static bool xl_read(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
                    struct cls_error *err)
{
    uint8_t *header = envelope->header;
    uint64_t start = in->offset;
    uint32_t flags, len;

    cls_input_at(in, "xl header", -1, NULL);
    if (!cls_input_read(in, header, XL_HEADER_SIZE, "the xl header", err) ||
        !check_header(in, start, header, err))
        return false;
    flags = get_le32(header + OFFSET_MANDATORY_FLAGS);
    envelope->v2 = flags & XL_MANDATORY_FLAG_STREAMv2;
    envelope->unread_len = len = get_le32(header + OFFSET_OPTIONAL_DATA_LEN);
    cls_info(log, "xl header, %s config, %" PRIu32 " bytes of optional data",
             flags & XL_MANDATORY_FLAG_JSON ? "JSON" : "text", len);
    return len == 0 || check_config_len(in, len, log, err);
}

static bool xl_read_config(const struct envelope *envelope, struct cls_input *in,
                           struct envelope_config *config, struct cls_error *err)
{
    uint32_t flags = get_le32(envelope->header + OFFSET_MANDATORY_FLAGS);
    uint64_t end = in->offset + envelope->unread_len;

    cls_input_at(in, "xl header", -1, NULL);
    if (in->offset == end)
        return true;
    if (!cls_input_u32(in, &config->len, "length of the config", err))
        return false;
    config->format = flags & XL_MANDATORY_FLAG_JSON ? ENVELOPE_CONFIG_JSON : ENVELOPE_CONFIG_TEXT;
    config->offset = in->offset;
    if (config->len <= ENVELOPE_CONFIG_SHOWN_MAX) {
        config->text = calloc(1, (size_t)config->len + 1);
        if (!config->text)
            return cls_fail_errno(err, ENOMEM, "cannot allocate memory for the config");
        if (!cls_input_read(in, config->text, config->len, "the config", err))
            return false;
    }
    return cls_input_skip(in, end - in->offset, "optional data", err);
}

static bool xl_hold_config(struct envelope *envelope, struct cls_input *in, struct cls_error *err)
{
    uint32_t flags = get_le32(envelope->header + OFFSET_MANDATORY_FLAGS), len;

    cls_input_at(in, "xl header", -1, NULL);
    if (envelope->unread_len == 0)
        return true;
    if (!cls_input_u32(in, &len, "length of the config", err) ||
        !envelope_hold(envelope, in, envelope->unread_len - CONFIG_LEN_SIZE, "the config", err))
        return false;
    envelope->unread_len = 0;
    envelope->config_len = len; /* check_config_len() has checked it */
    envelope->config_format =
        flags & XL_MANDATORY_FLAG_JSON ? ENVELOPE_CONFIG_JSON : ENVELOPE_CONFIG_TEXT;
    return true;
}

static bool xl_write(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
                     bool libxl_v2, struct cls_error *err)
{
    uint8_t header[XL_HEADER_SIZE], config_len[CONFIG_LEN_SIZE];
    uint32_t flags = get_le32(envelope->header + OFFSET_MANDATORY_FLAGS);
    uint32_t len = get_le32(envelope->header + OFFSET_OPTIONAL_DATA_LEN);

    if (envelope->new_config)
        return xl_write_header(envelope, libxl_v2, out, err);
    memcpy(header, envelope->header, sizeof(header));
    if (libxl_v2)
        put_le32(header + OFFSET_MANDATORY_FLAGS, flags | XL_MANDATORY_FLAG_STREAMv2);
    cls_input_at(in, "xl header", -1, NULL);
    if (!cls_output_write(out, header, sizeof(header), err))
        return false;
    if (envelope->config_format == ENVELOPE_CONFIG_NONE) /* not held */
        return cls_move(in, out, envelope->unread_len, "optional data", err);
    put_le32(config_len, (uint32_t)envelope->config_len);
    return cls_output_write(out, config_len, sizeof(config_len), err) &&
           (len == CONFIG_LEN_SIZE ||
            cls_output_write(out, envelope->config, len - CONFIG_LEN_SIZE, err));
}

bool xl_write_header(const struct envelope *envelope, bool libxl_v2, struct cls_output *out,
                     struct cls_error *err)
{
    uint8_t header[XL_HEADER_SIZE] = {0}, config_len[CONFIG_LEN_SIZE];
    size_t len = envelope->new_config_len;

    memcpy(header, xl_magic, XL_MAGIC_SIZE);
    put_le32(header + OFFSET_BYTE_ORDER, SAVEFILE_BYTEORDER_VALUE);
    put_le32(header + OFFSET_MANDATORY_FLAGS,
             (libxl_v2 ? XL_MANDATORY_FLAG_STREAMv2 : 0) |
                 (envelope->new_config_json ? XL_MANDATORY_FLAG_JSON : 0));
    if (envelope->new_config)
        put_le32(header + OFFSET_OPTIONAL_DATA_LEN, (uint32_t)(CONFIG_LEN_SIZE + len));
    put_le32(config_len, (uint32_t)len);
    return cls_output_write(out, header, sizeof(header), err) &&
           (!envelope->new_config || (cls_output_write(out, config_len, sizeof(config_len), err) &&
                                      cls_output_write(out, envelope->new_config, len, err)));
}

const struct envelope_type xl_envelope = {
    .name = "xl",
    .magic = xl_magic,
    .magic_size = XL_MAGIC_SIZE,
    .libxl = true,
    .any_format = true,
    .carries_config = true,
    .hold_config = xl_hold_config,
    .read = xl_read,
    .write = xl_write,
    .read_config = xl_read_config,
};
