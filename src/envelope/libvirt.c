/*
 * Saves of libvirt's libxl driver (libxlSavefileHeader in its src/libxl/libxl_conf.h,
 * libxlDoDomainSave in libxl_driver.c): 16 bytes of magic, u32 version and xmlLen in the host's
 * byte order, 40 bytes unused, then the domain's XML with its NUL, then libxl's stream.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "domain_xml.h"
#include "lazy/xml.h"
#include "type.h"

#define HEADER_SIZE    64
#define OFFSET_VERSION 16
#define OFFSET_XML_LEN 20

/* Bytes; real ones have some 10 KiB. libxml2's time is quadratic in the length at worst. */
#define XML_MAX (1024u * 1024)

#define LIBXL_SAVE_VERSION_LEGACY 1
#define LIBXL_SAVE_VERSION_V2     2

static const char magic[] = "libvirt-xml\n \0 \r";

static bool load_libxml2(struct cls_error *err)
{
    return lazy_xml(err) != NULL;
}

static bool check_header(struct cls_input *in, uint64_t start, const uint8_t *header,
                         struct cls_error *err)
{
    uint32_t version = get_le32(header + OFFSET_VERSION);
    uint32_t len = get_le32(header + OFFSET_XML_LEN);

    if (version != LIBXL_SAVE_VERSION_LEGACY && version != LIBXL_SAVE_VERSION_V2)
        return cls_input_fail(in, err, start + OFFSET_VERSION,
                              "version %" PRIu32 " is neither 1 nor 2", version);
    if (len == 0 || len > XML_MAX)
        return cls_input_fail(in, err, start + OFFSET_XML_LEN,
                              "XML length %" PRIu32 " is out of range (1 to %u)", len, XML_MAX);
    return true;
}

static bool libvirt_read(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
                         struct cls_error *err)
{
    uint8_t *header = envelope->header;
    uint64_t start = in->offset;

    cls_input_at(in, "libvirt header", -1, NULL);
    if (!cls_input_read(in, header, HEADER_SIZE, "the libvirt header", err) ||
        !check_header(in, start, header, err))
        return false;
    envelope->v2 = get_le32(header + OFFSET_VERSION) == LIBXL_SAVE_VERSION_V2;
    cls_input_at(in, "domain XML", -1, NULL);
    if (!envelope_hold(envelope, in, get_le32(header + OFFSET_XML_LEN), "the domain XML", err) ||
        !domain_xml_read(in, (const char *)envelope->config, envelope->config_len, &envelope->guest,
                         err))
        return false;
    cls_info(log, "libvirt header, XML of %zu bytes; guest %s, uuid %s", envelope->config_len,
             envelope->guest.name, envelope->guest.uuid);
    return true;
}

static bool libvirt_write(const struct envelope *envelope, struct cls_input *in,
                          struct cls_output *out, bool libxl_v2, struct cls_error *err)
{
    uint8_t header[HEADER_SIZE];

    (void)in;
    (void)libxl_v2; /* always true: envelope_check_format() rejects libxc's */
    memcpy(header, envelope->header, sizeof(header));
    put_le32(header + OFFSET_VERSION, LIBXL_SAVE_VERSION_V2);
    put_le32(header + OFFSET_XML_LEN, (uint32_t)envelope->config_len);
    return cls_output_write(out, header, sizeof(header), err) &&
           cls_output_write(out, envelope->config, envelope->config_len, err);
}

bool envelope_drop_emulator(struct envelope *envelope, const struct cls_input *in, bool *dropped,
                            struct cls_error *err)
{
    char *xml = (char *)envelope->config;
    size_t start, end;

    *dropped = envelope->kind == ENVELOPE_LIBVIRT && domain_xml_find_emulator(xml, &start, &end);
    if (!*dropped)
        return true;
    memmove(xml + start, xml + end, envelope->config_len - end);
    envelope->config_len -= end - start;
    envelope->guest = (struct envelope_guest){0};
    return domain_xml_read(in, xml, envelope->config_len, &envelope->guest, err);
}

const struct envelope_type libvirt_envelope = {
    .name = "libvirt",
    .magic = magic,
    .magic_size = sizeof(magic) - 1,
    .libxl = true,
    .prepare = load_libxml2,
    .read = libvirt_read,
    .write = libvirt_write,
};
