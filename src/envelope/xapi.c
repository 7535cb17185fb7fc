/*
 * Suspend images of XCP, XenServer and XCP-ng (xenopsd: xc/domain.ml, lib/suspend_image.ml).
 *
 * Unstructured: 15 bytes of magic, a legacy libxc stream and, for a HVM guest, a qemu record in one
 * of three forms. Structured: another magic, then records of u64 little-endian type and length,
 * without padding; records of memory images have length 0, and the stream in them marks its own
 * end. Both kinds are at the start of a disk, so that any data may follow. The output is always
 * structured.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/move.h"
#include "type.h"

#define HEADER_SIZE 16

#define TYPE_XENOPS       0x000f
#define TYPE_LIBXC        0x00f0
#define TYPE_LIBXC_LEGACY 0x00f2
#define TYPE_QEMU_TRAD    0x0f00
#define TYPE_VARSTORED    0x0f11
#define TYPE_SWTPM0       0x0f12 /* xenopsd reads it, but writes TYPE_SWTPM */
#define TYPE_SWTPM        0x0f13
#define TYPE_END_OF_IMAGE 0xffff

/* Bytes; xenopsd rejects longer qemu records. */
#define QEMU_TRAD_MAX (1024u * 1024)

static const char magic[] = "XenSavedDomain\n", structured_magic[] = "XenSavedDomv2-\n";
#define MAGIC_SIZE (sizeof(magic) - 1)

/*
 * xenopsd requires these fields in its own record, but does not use them. The time is constant, so
 * that the same input always gives the same output.
 */
static const char xenops_record[] = "((time 19700101T00:00:00Z)(word_size 64))";

struct header {
    uint64_t type, length;
};

static bool read_header(struct cls_input *in, struct header *header, struct cls_error *err)
{
    cls_input_at(in, "XAPI record", -1, NULL);
    return cls_input_u64(in, &header->type, "record type", err) &&
           cls_input_u64(in, &header->length, "record length", err);
}

static bool write_header(struct cls_output *out, uint64_t type, uint64_t length,
                         struct cls_error *err)
{
    uint8_t b[HEADER_SIZE];

    put_le64(b, type);
    put_le64(b + 8, length);
    return cls_output_write(out, b, sizeof(b), err);
}

static bool unexpected(const struct cls_input *in, const struct header *header,
                       struct cls_error *err)
{
    return cls_input_fail(in, err, in->offset - HEADER_SIZE,
                          "unexpected record of type 0x%04" PRIx64 " and %" PRIu64 " bytes",
                          header->type, header->length);
}

static bool read_magic(struct cls_input *in, struct envelope *envelope, struct cls_error *err)
{
    return cls_input_read(in, envelope->header, MAGIC_SIZE, "the signature", err);
}

static bool xapi_read(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
                      struct cls_error *err)
{
    cls_info(log, "XAPI suspend image, unstructured");
    return read_magic(in, envelope, err);
}

static bool read_xenops(struct cls_input *in, struct envelope *envelope, struct cls_error *err)
{
    struct header header;

    if (!read_header(in, &header, err))
        return false;
    if (header.type != TYPE_XENOPS || header.length == 0 || header.length > ENVELOPE_CONFIG_MAX)
        return unexpected(in, &header, err);
    return envelope_hold(envelope, in, (uint32_t)header.length, "the Xenops record", err);
}

static bool structured_read(struct cls_input *in, const struct cls_log *log,
                            struct envelope *envelope, struct cls_error *err)
{
    struct header header;

    if (!read_magic(in, envelope, err) || !read_xenops(in, envelope, err) ||
        !read_header(in, &header, err))
        return false;
    if ((header.type != TYPE_LIBXC && header.type != TYPE_LIBXC_LEGACY) || header.length != 0)
        return unexpected(in, &header, err);
    envelope->v2 = header.type == TYPE_LIBXC;
    cls_info(log, "XAPI suspend image, structured, with a %s record",
             envelope->v2 ? "Libxc" : "Libxc_legacy");
    return true;
}

static bool xapi_write(const struct envelope *envelope, struct cls_input *in,
                       struct cls_output *out, bool libxl_v2, struct cls_error *err)
{
    const void *xenops = envelope->config ? (const void *)envelope->config : xenops_record;
    size_t len = envelope->config ? envelope->config_len : strlen(xenops_record);

    (void)in;
    (void)libxl_v2; /* always false: envelope_check_format() rejects libxl's */
    return cls_output_write(out, structured_magic, MAGIC_SIZE, err) &&
           write_header(out, TYPE_XENOPS, len, err) && cls_output_write(out, xenops, len, err) &&
           write_header(out, TYPE_LIBXC, 0, err);
}

static bool xapi_put_emulator(const struct image_emulator *emulator, struct cls_output *out,
                              struct cls_error *err)
{
    const struct image_data *data = &emulator->data; /* held, or in the input with known length */

    if (data->len > QEMU_TRAD_MAX)
        return cls_input_fail(data->from, err, data->from->offset,
                              "qemu record has %" PRIu64 " bytes, but xenopsd accepts at most %u",
                              data->len, QEMU_TRAD_MAX);
    return write_header(out, TYPE_QEMU_TRAD, data->len, err) &&
           (data->bytes ? cls_output_write(out, data->bytes, (size_t)data->len, err)
                        : cls_move(data->from, out, data->len, "the qemu record", err));
}

static bool xapi_finish(const struct envelope *envelope, struct cls_input *in,
                        struct cls_output *out, struct cls_error *err)
{
    (void)envelope;
    (void)in;
    return write_header(out, TYPE_END_OF_IMAGE, 0, err);
}

static bool structured_finish(const struct envelope *envelope, struct cls_input *in,
                              struct cls_output *out, struct cls_error *err)
{
    struct header header;

    if (!read_header(in, &header, err))
        return false;
    if (header.type != TYPE_END_OF_IMAGE || header.length != 0)
        return unexpected(in, &header, err);
    return xapi_finish(envelope, in, out, err);
}

static bool structured_skip_rest(struct cls_input *in, const struct cls_log *log,
                                 struct cls_error *err)
{
    struct header header;

    do {
        if (!read_header(in, &header, err))
            return false;
        switch (header.type) {
        case TYPE_END_OF_IMAGE:
            if (header.length != 0)
                return unexpected(in, &header, err);
            break;
        case TYPE_QEMU_TRAD:
        case TYPE_VARSTORED:
        case TYPE_SWTPM0:
        case TYPE_SWTPM:
            if (header.length >
                (header.type == TYPE_QEMU_TRAD ? QEMU_TRAD_MAX : ENVELOPE_CONFIG_MAX))
                return unexpected(in, &header, err);
            cls_info(log, "XAPI record of type 0x%04" PRIx64 ", %" PRIu64 " bytes", header.type,
                     header.length);
            if (!cls_input_skip(in, header.length, "the record", err))
                return false;
            break;
        default:
            return unexpected(in, &header, err);
        }
    } while (header.type != TYPE_END_OF_IMAGE);
    return true;
}

const struct envelope_type xapi_envelope = {
    .name = "xapi",
    .magic = magic,
    .magic_size = MAGIC_SIZE,
    .delimited = true,
    .read = xapi_read,
    .write = xapi_write,
    .put_emulator = xapi_put_emulator,
    .finish = xapi_finish,
};

const struct envelope_type xapi_structured_envelope = {
    .name = "xapi structured",
    .magic = structured_magic,
    .magic_size = MAGIC_SIZE,
    .delimited = true,
    .read = structured_read,
    .write = xapi_write,
    .put_emulator = xapi_put_emulator,
    .finish = structured_finish,
    .skip_rest = structured_skip_rest,
};
