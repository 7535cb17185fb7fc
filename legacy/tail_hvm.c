/*
 * The tail of a HVM stream: buffer_tail_hvm() in tools/libxc/xc_domain_restore.c of Xen 4.5. The
 * qemu record came from the toolstack: libxl, xend, Remus or XAPI, each in its own form.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hvm_params.h"
#include "reader_internal.h"

#define SIGNATURE_SIZE  21
#define SIGNATURE_LIBXL "DeviceModelRecord0002"
#define SIGNATURE_REMUS "RemusDeviceModelState"
#define SIGNATURE_XEND  "QemuDeviceModelRecord" /* XAPI's begins alike */
#define QEMU_MAGIC      "QEVM"                  /* begins every state that qemu saves */

enum step read_magic_pfns(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    static const uint64_t indices[3] = {HVM_PARAM_IOREQ_PFN, HVM_PARAM_BUFIOREQ_PFN,
                                        HVM_PARAM_STORE_PFN};
    uint8_t b[sizeof(indices)];

    cls_input_at(r->in, "magic pfns", -1, NULL);
    tell_part(r, "magic pfns", r->in->offset, 0);
    if (!cls_input_read(r->in, b, sizeof(b), "the magic pfns", err))
        return STEP_FAILED;
    for (size_t i = 0; i < 3; i++)
        r->magic_pfns[i] =
            (struct image_hvm_param){.index = indices[i], .value = get_le64(b + 8 * i)};
    item->kind = IMAGE_HVM_PARAMS;
    item->hvm_params = (struct image_hvm_params){.count = 3, .params = r->magic_pfns};
    r->phase = PHASE_HVM_CONTEXT;
    return STEP_ITEM;
}

enum step read_hvm_context(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    uint64_t start = r->in->offset;
    uint32_t len;

    cls_input_at(r->in, "HVM context", -1, NULL);
    tell_part(r, "HVM context", start, 0);
    if (!cls_input_u32(r->in, &len, "length of the HVM context", err))
        return STEP_FAILED;
    if (len == 0 || len > HVM_CONTEXT_MAX) {
        cls_input_fail(r->in, err, start, "length %" PRIu32 " is not in 1..%u", len,
                       HVM_CONTEXT_MAX);
        return STEP_FAILED;
    }
    cls_info(r->log, "HVM context of %" PRIu32 " bytes", len);
    item->kind = IMAGE_HVM_CONTEXT;
    refer_to_input(r, &item->data, len);
    r->phase = PHASE_LIBXC_END;
    return STEP_ITEM;
}

/* Length and data: lead already holds the signature, of lead_len bytes. */
static bool read_sized_record(struct legacy_reader *r, size_t lead_len, bool big_endian,
                              struct image_emulator *emulator, struct cls_error *err)
{
    uint64_t start = r->in->offset;
    uint32_t len;

    if (!cls_input_read(r->in, r->raw + lead_len, 4, "length of the qemu record", err))
        return false;
    len = big_endian ? get_be32(r->raw + lead_len) : get_le32(r->raw + lead_len);
    if (len > QEMU_RECORD_MAX)
        return cls_input_fail(r->in, err, start, "length %" PRIu32 " is above %u", len,
                              QEMU_RECORD_MAX);
    emulator->lead = r->raw;
    emulator->lead_len = lead_len + 4;
    refer_to_input(r, &emulator->data, len);
    return true;
}

/* A record without length, to the end of the input: held in memory, since v2 wants the length
 * first. */
static bool read_record_to_eof(struct legacy_reader *r, struct image_emulator *emulator,
                               struct cls_error *err)
{
    uint64_t start = r->in->offset;
    size_t len = 0, got = 1;

    while (got > 0) {
        uint8_t *bytes = realloc(r->qemu_bytes, len + CLS_BULK_SIZE);

        if (!bytes)
            return cls_fail_errno(err, ENOMEM, "cannot hold the qemu record");
        r->qemu_bytes = bytes;
        if (!cls_input_read_some(r->in, bytes + len, CLS_BULK_SIZE, &got, err))
            return false;
        len += got;
        if (len > QEMU_TO_EOF_MAX)
            return cls_input_fail(r->in, err, start,
                                  "record without length goes on for more "
                                  "than %zu bytes",
                                  QEMU_TO_EOF_MAX);
    }
    if (len < strlen(QEMU_MAGIC) || memcmp(r->qemu_bytes, QEMU_MAGIC, strlen(QEMU_MAGIC)) != 0)
        return cls_input_fail(r->in, err, start, "record does not begin with " QEMU_MAGIC);
    emulator->lead = r->raw;
    emulator->lead_len = SIGNATURE_SIZE;
    emulator->data = (struct image_data){.len = len, .bytes = r->qemu_bytes};
    return true;
}

/* xend's and XAPI's signatures differ in the byte behind: the record itself, or a newline. */
static bool read_xend_or_xapi_record(struct legacy_reader *r, struct image_emulator *emulator,
                                     struct cls_error *err)
{
    const uint8_t *next;
    size_t got;

    if (!cls_input_peek(r->in, 1, &next, &got, err))
        return false;
    if ((got == 0 || *next != '\n') && r->options.embedded)
        return cls_input_fail(r->in, err, r->in->offset,
                              "a record to the end of the input, where the stream does not end");
    if (got == 0 || *next != '\n')
        return read_record_to_eof(r, emulator, err);
    return cls_input_read(r->in, r->raw + SIGNATURE_SIZE, 1, "newline", err) &&
           read_sized_record(r, SIGNATURE_SIZE + 1, true, emulator, err);
}

static bool is_signature(const uint8_t *bytes, const char *signature)
{
    return memcmp(bytes, signature, SIGNATURE_SIZE) == 0;
}

enum step read_qemu(struct legacy_reader *r, struct image_item *item, struct cls_error *err)
{
    struct image_emulator *emulator = &item->emulator;
    uint64_t start = r->in->offset;
    uint8_t *lead = r->raw;
    bool ok;

    cls_input_at(r->in, "qemu record", -1, NULL);
    tell_part(r, "qemu record", start, 0);
    if (!cls_input_read(r->in, lead, SIGNATURE_SIZE, "the qemu record's signature", err))
        return STEP_FAILED;
    if (is_signature(lead, SIGNATURE_LIBXL) || is_signature(lead, SIGNATURE_REMUS))
        ok = read_sized_record(r, SIGNATURE_SIZE, false, emulator, err);
    else if (is_signature(lead, SIGNATURE_XEND))
        ok = read_xend_or_xapi_record(r, emulator, err);
    else
        ok = cls_input_fail(r->in, err, start, "the signature is none of Xen's");
    if (!ok)
        return STEP_FAILED;
    cls_info(r->log, "qemu record %.*s: %" PRIu64 " bytes", SIGNATURE_SIZE, (const char *)lead,
             emulator->data.len);
    item->kind = IMAGE_EMULATOR;
    r->phase = PHASE_END;
    return STEP_ITEM;
}
