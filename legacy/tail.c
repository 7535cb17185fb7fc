/*
 * The tails: buffer_tail_pv() and buffer_tail_hvm() in tools/libxc/xc_domain_restore.c of Xen 4.5.
 * The qemu record came from the toolstack: libxl, xend, Remus or XAPI, each in its own form.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "stream.h"

#define SIGNATURE_LIBXL "DeviceModelRecord0002"
#define SIGNATURE_REMUS "RemusDeviceModelState"
#define SIGNATURE_XEND  "QemuDeviceModelRecord" /* XAPI's begins alike */
#define QEMU_MAGIC      "QEVM"                  /* begins every state that qemu saves */

static bool read_unmapped_count(const struct legacy_stream *s, struct tail_part *part,
                                struct cls_error *err)
{
    cls_input_at(s->in, "unmapped pfns", -1, NULL);
    if (!(s->vcpu_map[0] & 1))
        return cls_input_fail(s->in, err, part->start,
                              "vcpu map does not include vcpu 0; Xen cannot restore such a guest");
    if (!cls_input_u32(s->in, &part->count, "count of unmapped pfns", err))
        return false;
    part->bulk = (uint64_t)part->count * s->width;
    return part->count <= UNMAPPED_PFNS_MAX ||
           cls_input_fail(s->in, err, part->start,
                          "count %" PRIu32 " of unmapped pfns is above the maximum %u", part->count,
                          UNMAPPED_PFNS_MAX);
}

/*
 * Each vcpu's own size counts, not the one that "xcnt" announced: savers since 4.2.4 and 4.3.1
 * wrote different ones.
 */
static bool read_xsave_size(const struct legacy_stream *s, struct tail_part *part,
                            struct cls_error *err)
{
    uint64_t mask;

    cls_input_at(s->in, "vcpu", part->vcpu, "xsave");
    if (!cls_input_u64(s->in, &mask, "xsave feature mask", err) ||
        !cls_input_u64(s->in, &part->bulk, "xsave size", err))
        return false;
    return (part->bulk >= XSAVE_SIZE_MIN && part->bulk <= XSAVE_SIZE_MAX) ||
           cls_input_fail(s->in, err, part->start + 8,
                          "size %" PRIu64 " is out of range (%d to %d)", part->bulk, XSAVE_SIZE_MIN,
                          XSAVE_SIZE_MAX);
}

static bool read_context_length(const struct legacy_stream *s, struct tail_part *part,
                                struct cls_error *err)
{
    uint32_t len;

    cls_input_at(s->in, "HVM context", -1, NULL);
    if (!cls_input_u32(s->in, &len, "length of the HVM context", err))
        return false;
    part->bulk = len;
    return (len != 0 && len <= HVM_CONTEXT_MAX) ||
           cls_input_fail(s->in, err, part->start, "length %" PRIu32 " is out of range (1 to %u)",
                          len, HVM_CONTEXT_MAX);
}

static bool read_qemu_length(const struct legacy_stream *s, struct tail_part *part, bool big_endian,
                             struct cls_error *err)
{
    uint8_t *b = part->lead + part->lead_len;
    uint64_t start = s->in->offset;

    if (!cls_input_read(s->in, b, 4, "length of the qemu record", err))
        return false;
    part->lead_len += 4;
    part->bulk = big_endian ? get_be32(b) : get_le32(b);
    return part->bulk <= QEMU_RECORD_MAX ||
           cls_input_fail(s->in, err, start, "length %" PRIu64 " is above the maximum %u",
                          part->bulk, QEMU_RECORD_MAX);
}

/* xend's and XAPI's signatures are the same; XAPI's is followed by a newline. */
static bool read_xend_or_xapi_head(const struct legacy_stream *s, struct tail_part *part,
                                   struct cls_error *err)
{
    const uint8_t *next;
    size_t got;

    /* XAPI's newline and length are longer than the magic: no byte behind the record is read. */
    if (!cls_input_peek(s->in, strlen(QEMU_MAGIC), &next, &got, err))
        return false;
    if (got > 0 && *next == '\n')
        return cls_input_read(s->in, part->lead + part->lead_len++, 1, "newline", err) &&
               read_qemu_length(s, part, true, err);
    if (s->embedded)
        return cls_input_fail(s->in, err, s->in->offset,
                              "record without a length is not at the end of the stream");
    part->to_eof = got == strlen(QEMU_MAGIC) && memcmp(next, QEMU_MAGIC, got) == 0;
    return part->to_eof ||
           cls_input_fail(s->in, err, s->in->offset, "data does not begin with " QEMU_MAGIC);
}

static bool is_signature(const struct tail_part *part, const char *signature)
{
    return memcmp(part->lead, signature, QEMU_SIGNATURE_SIZE) == 0;
}

static bool read_qemu_head(const struct legacy_stream *s, struct tail_part *part,
                           struct cls_error *err)
{
    part->lead_len = QEMU_SIGNATURE_SIZE;
    cls_input_at(s->in, "qemu record", -1, NULL);
    if (!cls_input_read(s->in, part->lead, QEMU_SIGNATURE_SIZE, "the qemu record's signature", err))
        return false;
    if (is_signature(part, SIGNATURE_LIBXL) || is_signature(part, SIGNATURE_REMUS))
        return read_qemu_length(s, part, false, err);
    if (is_signature(part, SIGNATURE_XEND))
        return read_xend_or_xapi_head(s, part, err);
    return cls_input_fail(s->in, err, part->start, "unknown QEMU record signature");
}

static enum tail_kind next_kind(const struct legacy_stream *s, struct tail_part *part)
{
    uint32_t *vcpu = &part->vcpu;

    switch (part->kind) {
    case TAIL_NONE:
        return s->guest == GUEST_HVM ? TAIL_MAGIC_PFNS : TAIL_UNMAPPED_PFNS;
    case TAIL_MAGIC_PFNS:
    case TAIL_HVM_CONTEXT:
        return part->kind + 1;
    case TAIL_VCPU_BASIC:
        if (s->has_extended)
            return TAIL_VCPU_EXTENDED;
        __attribute__((fallthrough));
    case TAIL_VCPU_EXTENDED:
        if (s->xcnt)
            return TAIL_VCPU_XSAVE;
        __attribute__((fallthrough));
    case TAIL_VCPU_XSAVE:
        ++*vcpu;
        __attribute__((fallthrough));
    case TAIL_UNMAPPED_PFNS:
        /* Bits of the map above max_vcpu_id are ignored. */
        while (*vcpu <= s->max_vcpu_id && !(s->vcpu_map[*vcpu / 64] >> *vcpu % 64 & 1))
            ++*vcpu;
        return *vcpu <= s->max_vcpu_id ? TAIL_VCPU_BASIC : TAIL_SHARED_INFO;
    default:
        return TAIL_NONE;
    }
}

bool tail_read_to_eof(const struct legacy_stream *s, struct cls_held *held, struct cls_error *err)
{
    uint64_t start = s->in->offset;

    return cls_held_read_some(held, s->in, QEMU_TO_EOF_MAX + 1, "the qemu record", err) &&
           (held->len <= QEMU_TO_EOF_MAX ||
            cls_input_fail(s->in, err, start, "record without a length is longer than %zu bytes",
                           QEMU_TO_EOF_MAX));
}

/* A part of fixed size, all of it bulk. Always returns true. */
static bool read_fixed(const struct legacy_stream *s, struct tail_part *part, const char *place,
                       const char *subplace, uint64_t size)
{
    cls_input_at(s->in, place, subplace ? (int64_t)part->vcpu : -1, subplace);
    part->bulk = size;
    return true;
}

bool tail_read(const struct legacy_stream *s, struct tail_part *part, struct cls_error *err)
{
    part->kind = next_kind(s, part);
    part->start = s->in->offset;
    part->bulk = part->count = 0;
    switch (part->kind) {
    case TAIL_UNMAPPED_PFNS:
        return read_unmapped_count(s, part, err);
    case TAIL_VCPU_BASIC:
        return read_fixed(s, part, "vcpu", "context",
                          s->guest_width == 8 ? VCPU_CONTEXT_SIZE_X86_64
                                              : VCPU_CONTEXT_SIZE_X86_32);
    case TAIL_VCPU_EXTENDED:
        return read_fixed(s, part, "vcpu", "extended context", VCPU_EXTENDED_SIZE);
    case TAIL_VCPU_XSAVE:
        return read_xsave_size(s, part, err);
    case TAIL_SHARED_INFO:
        return read_fixed(s, part, "shared info", NULL, CLS_PAGE_SIZE);
    case TAIL_MAGIC_PFNS:
        return read_fixed(s, part, "magic pfns", NULL, MAGIC_PFNS * 8);
    case TAIL_HVM_CONTEXT:
        return read_context_length(s, part, err);
    case TAIL_QEMU:
        return read_qemu_head(s, part, err);
    case TAIL_NONE:
        return true;
    }
    return false;
}
