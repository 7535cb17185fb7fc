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

bool stream_read_unmapped_count(const struct legacy_stream *s, struct cls_input *in,
                                uint32_t *count, struct cls_error *err)
{
    uint64_t start = in->offset;

    cls_input_at(in, "unmapped pfns", -1, NULL);
    if (!is_online(s, 0))
        return cls_input_fail(in, err, start,
                              "the vcpu map has no vcpu 0, without which no Xen restores a guest");
    if (!cls_input_u32(in, count, "count of unmapped pfns", err))
        return false;
    return *count <= UNMAPPED_PFNS_MAX ||
           cls_input_fail(in, err, start, "count %" PRIu32 " of unmapped pfns is above %u", *count,
                          UNMAPPED_PFNS_MAX);
}

/* Bits of the map above max_vcpu_id don't count. */
uint32_t stream_next_vcpu(const struct legacy_stream *s, uint32_t id)
{
    while (id <= s->max_vcpu_id && !is_online(s, id))
        id++;
    return id;
}

size_t stream_vcpu_size(const struct legacy_stream *s)
{
    return s->guest_width == 8 ? VCPU_CONTEXT_SIZE_X86_64 : VCPU_CONTEXT_SIZE_X86_32;
}

/*
 * Its own size counts, not the one that "xcnt" announced: savers since 4.2.4 and 4.3.1 wrote each
 * vcpu's own.
 */
bool stream_read_xsave_size(struct cls_input *in, uint32_t vcpu, uint64_t *size,
                            struct cls_error *err)
{
    uint64_t mask, start = in->offset;

    cls_input_at(in, "vcpu", vcpu, "xsave");
    if (!cls_input_u64(in, &mask, "xsave feature mask", err) ||
        !cls_input_u64(in, size, "xsave size", err))
        return false;
    return (*size >= XSAVE_SIZE_MIN && *size <= XSAVE_SIZE_MAX) ||
           cls_input_fail(in, err, start + 8, "size %" PRIu64 " is not in %d..%d", *size,
                          XSAVE_SIZE_MIN, XSAVE_SIZE_MAX);
}

bool stream_read_context_length(struct cls_input *in, uint32_t *len, struct cls_error *err)
{
    uint64_t start = in->offset;

    cls_input_at(in, "HVM context", -1, NULL);
    if (!cls_input_u32(in, len, "length of the HVM context", err))
        return false;
    return (*len != 0 && *len <= HVM_CONTEXT_MAX) ||
           cls_input_fail(in, err, start, "length %" PRIu32 " is not in 1..%u", *len,
                          HVM_CONTEXT_MAX);
}

static bool read_qemu_length(struct cls_input *in, struct qemu_head *head, bool big_endian,
                             struct cls_error *err)
{
    uint8_t *b = head->lead + head->lead_len;
    uint64_t start = in->offset;

    if (!cls_input_read(in, b, 4, "length of the qemu record", err))
        return false;
    head->lead_len += 4;
    head->len = big_endian ? get_be32(b) : get_le32(b);
    return head->len <= QEMU_RECORD_MAX ||
           cls_input_fail(in, err, start, "length %" PRIu32 " is above %u", head->len,
                          QEMU_RECORD_MAX);
}

/* xend's and XAPI's signatures differ in the byte behind: the record itself, or a newline. */
static bool read_xend_or_xapi_head(const struct legacy_stream *s, struct cls_input *in,
                                   struct qemu_head *head, struct cls_error *err)
{
    const uint8_t *next;
    size_t got;

    if (!cls_input_peek(in, 1, &next, &got, err))
        return false;
    if (got == 1 && *next == '\n')
        return cls_input_read(in, head->lead + head->lead_len++, 1, "newline", err) &&
               read_qemu_length(in, head, true, err);
    if (s->embedded)
        return cls_input_fail(in, err, in->offset,
                              "a record to the end of the input, where the stream does not end");
    if (!cls_input_peek(in, strlen(QEMU_MAGIC), &next, &got, err))
        return false;
    if (got < strlen(QEMU_MAGIC) || memcmp(next, QEMU_MAGIC, got) != 0)
        return cls_input_fail(in, err, in->offset, "record does not begin with " QEMU_MAGIC);
    head->to_eof = true;
    return true;
}

static bool is_signature(const uint8_t *bytes, const char *signature)
{
    return memcmp(bytes, signature, QEMU_SIGNATURE_SIZE) == 0;
}

bool stream_read_qemu_head(const struct legacy_stream *s, struct cls_input *in,
                           struct qemu_head *head, struct cls_error *err)
{
    uint64_t start = in->offset;

    *head = (struct qemu_head){.lead_len = QEMU_SIGNATURE_SIZE};
    cls_input_at(in, "qemu record", -1, NULL);
    if (!cls_input_read(in, head->lead, QEMU_SIGNATURE_SIZE, "the qemu record's signature", err))
        return false;
    if (is_signature(head->lead, SIGNATURE_LIBXL) || is_signature(head->lead, SIGNATURE_REMUS))
        return read_qemu_length(in, head, false, err);
    if (is_signature(head->lead, SIGNATURE_XEND))
        return read_xend_or_xapi_head(s, in, head, err);
    return cls_input_fail(in, err, start, "the signature is none of Xen's");
}
