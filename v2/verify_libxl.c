/*
 * The libxl stream around a libxc one, and the qemu record behind a
 * bare libxc stream.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "verify_internal.h"

#define SIGNATURE_SIZE 21
#define TO_THE_END     UINT64_MAX /* as a length */

static const char *const record_names[LIBXL_REC_TYPE_KNOWN] = {
    [LIBXL_REC_TYPE_END] = "END",
    [LIBXL_REC_TYPE_LIBXC_CONTEXT] = "LIBXC_CONTEXT",
    [LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA] = "EMULATOR_XENSTORE_DATA",
    [LIBXL_REC_TYPE_EMULATOR_CONTEXT] = "EMULATOR_CONTEXT",
    [LIBXL_REC_TYPE_CHECKPOINT_END] = "CHECKPOINT_END",
    [LIBXL_REC_TYPE_CHECKPOINT_STATE] = "CHECKPOINT_STATE",
};

const char *v2_libxl_record_name(uint32_t type)
{
    return type < LIBXL_REC_TYPE_KNOWN ? record_names[type] : NULL;
}

static bool verify_header(struct verifier *v, struct cls_error *err)
{
    uint64_t start = v->in->offset;
    uint32_t options;

    cls_input_at(v->in, "libxl header", -1, NULL);
    show_part(v, "libxl", "header", start);
    if (!cls_input_read(v->in, v->buf, LIBXL_HDR_SIZE, "the libxl header", err))
        return false;
    if (get_be64(v->buf) != LIBXL_HDR_IDENT)
        return cls_input_fail(v->in, err, start, "ident 0x%016" PRIx64 " is not \"LibxlFmt\"",
                              get_be64(v->buf));
    if (get_be32(v->buf + 8) != LIBXL_HDR_VERSION)
        return cls_input_fail(v->in, err, start + 8, "version %" PRIu32 " instead of %d",
                              get_be32(v->buf + 8), LIBXL_HDR_VERSION);
    options = get_be32(v->buf + 12);
    if (options & LIBXL_HDR_OPT_BIG_ENDIAN)
        return cls_input_fail(v->in, err, start + 12, "big-endian streams are not supported");
    if (options & ~LIBXL_HDR_OPT_LEGACY)
        return cls_input_fail(v->in, err, start + 12, "reserved options in 0x%08" PRIx32, options);
    cls_info(v->log, "libxl stream%s",
             options & LIBXL_HDR_OPT_LEGACY ? ", converted from legacy" : "");
    return true;
}

static bool verify_libxc_context(struct verifier *v, struct cls_error *err)
{
    if (v->summary->libxl_records[LIBXL_REC_TYPE_LIBXC_CONTEXT] > 1)
        return bad_record(v, err, "duplicate record");
    if (!need_length(v, 0, 0, err) || !verify_libxc(v, err))
        return false;
    v->type = LIBXL_REC_TYPE_LIBXC_CONTEXT; /* it is that of the libxc stream's END now */
    v->length = 0;
    return true;
}

static bool verify_emulator_header(struct verifier *v, struct cls_error *err)
{
    static const char *const names[] = {"unknown", "qemu-traditional", "qemu upstream"};
    uint32_t id;

    if (!v->summary->libxl_records[LIBXL_REC_TYPE_LIBXC_CONTEXT])
        return bad_record(v, err, "LIBXC_CONTEXT must come first");
    if (v->summary->guest != GUEST_HVM)
        return bad_record(v, err, "not a record of a PV guest");
    if (!need_length(v, EMULATOR_HDR_SIZE, UINT32_MAX, err) ||
        !read_body(v, EMULATOR_HDR_SIZE, err))
        return false;
    id = get_le32(v->buf);
    if (id > EMULATOR_ID_QEMU_UPSTREAM)
        return bad_record(v, err, "unknown emulator id %" PRIu32, id);
    cls_info(v->log, "  emulator: %s, index %" PRIu32, names[id], get_le32(v->buf + 4));
    return true;
}

/* A walk over key NUL value NUL ... byte by byte, so that only the start of a string is held. */
struct strings {
    uint64_t count;                  /* of strings that have ended */
    uint64_t length;                 /* of the one that has not */
    char text[2][V2_XENSTORE_SHOWN]; /* key and value */
};

static bool is_key_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-/_@", c));
}

static bool take_char(struct verifier *v, struct strings *s, uint8_t c, struct cls_error *err)
{
    bool key = s->count % 2 == 0;

    if (s->length < V2_XENSTORE_SHOWN - 1)
        s->text[s->count % 2][s->length] = (char)c;
    if (c == '\0') {
        if (key && s->length == 0)
            return bad_record(v, err, "string %" PRIu64 ": key is empty", s->count + 1);
        if (!key && v->observer->xenstore)
            v->observer->xenstore(v->observer->ctx, s->text[0], s->text[1]);
        s->count++;
        s->length = 0;
        return true;
    }
    if (key && !is_key_char(c))
        return bad_record(v, err, "string %" PRIu64 ": byte 0x%02x in a key", s->count + 1, c);
    if (key && s->length == 0 && c == '/')
        return bad_record(v, err, "string %" PRIu64 ": key is not relative", s->count + 1);
    if (!key && (c < 0x20 || c > 0x7e))
        return bad_record(v, err, "string %" PRIu64 ": byte 0x%02x in a value is not printable",
                          s->count + 1, c);
    s->length++;
    return true;
}

static bool verify_xenstore_data(struct verifier *v, struct cls_error *err)
{
    struct strings s = {0};
    uint32_t left;

    if (!verify_emulator_header(v, err))
        return false;
    left = v->length - EMULATOR_HDR_SIZE;
    while (left > 0) {
        uint32_t n = left < sizeof(v->buf) ? left : (uint32_t)sizeof(v->buf);

        if (!read_body(v, n, err))
            return false;
        for (uint32_t i = 0; i < n; i++)
            if (!take_char(v, &s, v->buf[i], err))
                return false;
        left -= n;
    }
    if (s.length > 0)
        return bad_record(v, err, "last string is not terminated by a NUL");
    if (s.count % 2 != 0)
        return bad_record(v, err, "%" PRIu64 " strings: the last key has no value", s.count);
    cls_info(v->log, "  %" PRIu64 " keys", s.count / 2);
    return true;
}

static bool verify_emulator_context(struct verifier *v, struct cls_error *err)
{
    struct image_item item = {.kind = IMAGE_EMULATOR};

    if (!verify_emulator_header(v, err))
        return false;
    item.emulator.lead = v->buf;
    item.emulator.lead_len = EMULATOR_HDR_SIZE;
    return show_data(v, &item, &item.emulator.data, v->length - EMULATOR_HDR_SIZE, "the record",
                     err);
}

static bool verify_end(struct verifier *v, struct cls_error *err)
{
    if (!v->summary->libxl_records[LIBXL_REC_TYPE_LIBXC_CONTEXT])
        return bad_record(v, err, "the stream ends without LIBXC_CONTEXT");
    return need_length(v, 0, 0, err);
}

static bool verify_body(struct verifier *v, struct cls_error *err)
{
    switch (v->type) {
    case LIBXL_REC_TYPE_END:
        return verify_end(v, err);
    case LIBXL_REC_TYPE_LIBXC_CONTEXT:
        return verify_libxc_context(v, err);
    case LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA:
        return verify_xenstore_data(v, err);
    case LIBXL_REC_TYPE_EMULATOR_CONTEXT:
        return verify_emulator_context(v, err);
    default:
        return bad_record(v, err, "checkpoint record in a plain stream, rejected by libxl");
    }
}

bool verify_libxl(struct verifier *v, struct cls_error *err)
{
    if (!verify_header(v, err))
        return false;
    do {
        if (!read_record_header(v, "libxl", v2_libxl_record_name, err))
            return false;
        /* libxl rejects unknown types, optional or not. */
        if (!v->name)
            return bad_record(v, err, "unknown libxl record type 0x%08" PRIx32, v->type);
        v->summary->libxl_records[v->type]++;
        cls_info(v->log, "byte 0x%" PRIx64 ": libxl %s, %" PRIu32 " bytes", v->start, v->name,
                 v->length);
        if (!verify_body(v, err) || !check_padding(v, err))
            return false;
    } while (v->type != LIBXL_REC_TYPE_END);
    return true;
}

/* Toolstacks wrote qemu records in several forms; converters copy them unchanged. */
static bool is_signature(const uint8_t *b, size_t got, const char *signature)
{
    return got >= SIGNATURE_SIZE && memcmp(b, signature, SIGNATURE_SIZE) == 0;
}

bool verify_qemu_record(struct verifier *v, struct cls_error *err)
{
    struct image_item item = {.kind = IMAGE_EMULATOR};
    const uint8_t *b;
    size_t got, head = SIGNATURE_SIZE + 4;
    uint64_t length;

    cls_input_at(v->in, "qemu record", -1, NULL);
    v->start = v->in->offset;
    if (v->summary->guest != GUEST_HVM)
        return true;
    if (!cls_input_peek(v->in, head + 1, &b, &got, err))
        return false;
    if (got == head + 1 && memcmp(b, "QemuDeviceModelRecord\n", SIGNATURE_SIZE + 1) == 0)
        length = get_be32(b + ++head - 4); /* XAPI's */
    else if (got >= head && (is_signature(b, got, "DeviceModelRecord0002") ||
                             is_signature(b, got, "RemusDeviceModelState")))
        length = get_le32(b + head - 4);
    else if (got >= head && memcmp(b, "QemuDeviceModelRecordQEVM", head) == 0)
        length = TO_THE_END;
    else
        return true;
    cls_info(v->log, "byte 0x%" PRIx64 ": qemu record behind the stream", v->start);
    show_part(v, NULL, "qemu record", v->start);
    item.emulator.lead = v->buf;
    item.emulator.lead_len = length == TO_THE_END ? SIGNATURE_SIZE : head;
    if (!read_body(v, item.emulator.lead_len, err))
        return false;
    if (length != TO_THE_END)
        return show_data(v, &item, &item.emulator.data, length, "the qemu record", err);
    item.emulator.data = (struct image_data){.len = TO_THE_END, .from = v->in};
    if (!show_item(v, &item, err))
        return false;
    while (got > 0)
        if (!cls_input_read_some(v->in, v->buf, sizeof(v->buf), &got, err))
            return false;
    return true;
}
