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

static bool is_online(const struct legacy_stream *s, uint32_t vcpu)
{
    return s->vcpu_map[vcpu / 64] >> vcpu % 64 & 1;
}

static bool read_unmapped_count(const struct legacy_stream *s, struct cls_input *in,
                                struct tail_part *part, struct cls_error *err)
{
    cls_input_at(in, "unmapped pfns", -1, NULL);
    if (!is_online(s, 0))
        return cls_input_fail(in, err, part->start,
                              "vcpu map does not include vcpu 0; Xen cannot restore such a guest");
    if (!cls_input_u32(in, &part->count, "count of unmapped pfns", err))
        return false;
    part->bulk = (uint64_t)part->count * s->width;
    return part->count <= UNMAPPED_PFNS_MAX ||
           cls_input_fail(in, err, part->start,
                          "count %" PRIu32 " of unmapped pfns is above the maximum %u", part->count,
                          UNMAPPED_PFNS_MAX);
}

/*
 * Its own size counts, not the one that "xcnt" announced: savers since 4.2.4 and 4.3.1 wrote each
 * vcpu's own.
 */
static bool read_xsave_size(struct cls_input *in, struct tail_part *part, struct cls_error *err)
{
    uint64_t mask;

    cls_input_at(in, "vcpu", part->vcpu, "xsave");
    if (!cls_input_u64(in, &mask, "xsave feature mask", err) ||
        !cls_input_u64(in, &part->bulk, "xsave size", err))
        return false;
    return (part->bulk >= XSAVE_SIZE_MIN && part->bulk <= XSAVE_SIZE_MAX) ||
           cls_input_fail(in, err, part->start + 8, "size %" PRIu64 " is out of range (%d to %d)",
                          part->bulk, XSAVE_SIZE_MIN, XSAVE_SIZE_MAX);
}

static bool read_context_length(struct cls_input *in, struct tail_part *part, struct cls_error *err)
{
    uint32_t len;

    cls_input_at(in, "HVM context", -1, NULL);
    if (!cls_input_u32(in, &len, "length of the HVM context", err))
        return false;
    part->bulk = len;
    return (len != 0 && len <= HVM_CONTEXT_MAX) ||
           cls_input_fail(in, err, part->start, "length %" PRIu32 " is out of range (1 to %u)", len,
                          HVM_CONTEXT_MAX);
}

static bool read_qemu_length(struct cls_input *in, struct tail_part *part, bool big_endian,
                             struct cls_error *err)
{
    uint8_t *b = part->lead + part->lead_len;
    uint64_t start = in->offset;

    if (!cls_input_read(in, b, 4, "length of the qemu record", err))
        return false;
    part->lead_len += 4;
    part->bulk = big_endian ? get_be32(b) : get_le32(b);
    return part->bulk <= QEMU_RECORD_MAX ||
           cls_input_fail(in, err, start, "length %" PRIu64 " is above the maximum %u", part->bulk,
                          QEMU_RECORD_MAX);
}

/* xend's and XAPI's signatures differ in the byte behind: the record itself, or a newline. */
static bool read_xend_or_xapi_head(const struct legacy_stream *s, struct cls_input *in,
                                   struct tail_part *part, struct cls_error *err)
{
    const uint8_t *next;
    size_t got;

    if (!cls_input_peek(in, 1, &next, &got, err))
        return false;
    if (got == 1 && *next == '\n')
        return cls_input_read(in, part->lead + part->lead_len++, 1, "newline", err) &&
               read_qemu_length(in, part, true, err);
    if (s->embedded)
        return cls_input_fail(in, err, in->offset,
                              "record without a length is not at the end of the stream");
    if (!cls_input_peek(in, strlen(QEMU_MAGIC), &next, &got, err))
        return false;
    part->to_eof = got == strlen(QEMU_MAGIC) && memcmp(next, QEMU_MAGIC, got) == 0;
    return part->to_eof ||
           cls_input_fail(in, err, in->offset, "data does not begin with " QEMU_MAGIC);
}

static bool is_signature(const uint8_t *bytes, const char *signature)
{
    return memcmp(bytes, signature, QEMU_SIGNATURE_SIZE) == 0;
}

static bool read_qemu_head(const struct legacy_stream *s, struct cls_input *in,
                           struct tail_part *part, struct cls_error *err)
{
    part->lead_len = QEMU_SIGNATURE_SIZE;
    cls_input_at(in, "qemu record", -1, NULL);
    if (!cls_input_read(in, part->lead, QEMU_SIGNATURE_SIZE, "the qemu record's signature", err))
        return false;
    if (is_signature(part->lead, SIGNATURE_LIBXL) || is_signature(part->lead, SIGNATURE_REMUS))
        return read_qemu_length(in, part, false, err);
    if (is_signature(part->lead, SIGNATURE_XEND))
        return read_xend_or_xapi_head(s, in, part, err);
    return cls_input_fail(in, err, part->start, "unknown QEMU record signature");
}

/* The next vcpu at or above id; bits of the map above max_vcpu_id don't count. */
static enum tail_kind go_to_vcpu(const struct legacy_stream *s, struct tail_part *part, uint32_t id)
{
    while (id <= s->max_vcpu_id && !is_online(s, id))
        id++;
    part->vcpu = id;
    return id <= s->max_vcpu_id ? TAIL_VCPU_BASIC : TAIL_SHARED_INFO;
}

static enum tail_kind next_kind(const struct legacy_stream *s, struct tail_part *part)
{
    switch (part->kind) {
    case TAIL_NONE:
        return s->guest == GUEST_HVM ? TAIL_MAGIC_PFNS : TAIL_UNMAPPED_PFNS;
    case TAIL_MAGIC_PFNS:
        return TAIL_HVM_CONTEXT;
    case TAIL_HVM_CONTEXT:
        return TAIL_QEMU;
    case TAIL_UNMAPPED_PFNS:
        return go_to_vcpu(s, part, 0);
    case TAIL_VCPU_BASIC:
        if (s->has_extended)
            return TAIL_VCPU_EXTENDED;
        __attribute__((fallthrough));
    case TAIL_VCPU_EXTENDED:
        if (s->xcnt)
            return TAIL_VCPU_XSAVE;
        __attribute__((fallthrough));
    case TAIL_VCPU_XSAVE:
        return go_to_vcpu(s, part, part->vcpu + 1);
    default:
        return TAIL_NONE;
    }
}

bool tail_read(const struct legacy_stream *s, struct cls_input *in, struct tail_part *part,
               struct cls_error *err)
{
    part->kind = next_kind(s, part);
    part->start = in->offset;
    part->bulk = 0;
    switch (part->kind) {
    case TAIL_UNMAPPED_PFNS:
        return read_unmapped_count(s, in, part, err);
    case TAIL_VCPU_BASIC:
        cls_input_at(in, "vcpu", part->vcpu, "context");
        part->bulk = s->guest_width == 8 ? VCPU_CONTEXT_SIZE_X86_64 : VCPU_CONTEXT_SIZE_X86_32;
        return true;
    case TAIL_VCPU_EXTENDED:
        cls_input_at(in, "vcpu", part->vcpu, "extended context");
        part->bulk = VCPU_EXTENDED_SIZE;
        return true;
    case TAIL_VCPU_XSAVE:
        return read_xsave_size(in, part, err);
    case TAIL_SHARED_INFO:
        cls_input_at(in, "shared info", -1, NULL);
        part->bulk = CLS_PAGE_SIZE;
        return true;
    case TAIL_MAGIC_PFNS:
        cls_input_at(in, "magic pfns", -1, NULL);
        part->bulk = MAGIC_PFNS * 8;
        return true;
    case TAIL_HVM_CONTEXT:
        return read_context_length(in, part, err);
    case TAIL_QEMU:
        return read_qemu_head(s, in, part, err);
    case TAIL_NONE:
        return true;
    }
    return false;
}
