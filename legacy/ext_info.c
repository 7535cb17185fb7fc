/*
 * The extended info of a PV stream: load_p2m_frame_list() in tools/libxc/xc_domain_restore.c of
 * Xen 4.5. Savers before 3.2 left it out for most guests.
 */
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "reader_internal.h"

#define BLOCK_HEADER_SIZE 8

static bool read_vcpu_block(struct legacy_reader *r, uint64_t start, uint32_t size,
                            struct cls_error *err)
{
    if (size == VCPU_CONTEXT_SIZE_X86_32) {
        r->guest_width = 4;
        r->pt_levels = 3;
    } else if (size == VCPU_CONTEXT_SIZE_X86_64) {
        r->guest_width = 8;
        r->pt_levels = 4;
    } else {
        return cls_input_fail(r->in, err, start,
                              "a vcpu context of %" PRIu32 " bytes: neither that of a 32-bit "
                              "guest (%d) nor of a 64-bit one (%d)",
                              size, VCPU_CONTEXT_SIZE_X86_32, VCPU_CONTEXT_SIZE_X86_64);
    }
    r->guest_width_known = true;
    /* Only its size tells something; the context itself comes again in the tail. */
    return cls_input_skip(r->in, size, "vcpu context", err);
}

static bool read_xcnt_block(struct legacy_reader *r, uint64_t start, uint32_t size,
                            struct cls_error *err)
{
    if (size != 4)
        return cls_input_fail(r->in, err, start, "an xcnt block of %" PRIu32 " bytes instead of 4",
                              size);
    return cls_input_u32(r->in, &r->xcnt, "xcnt", err);
}

/* start: where the block's header began. */
static bool read_block(struct legacy_reader *r, uint64_t start, const uint8_t *id, uint32_t size,
                       struct cls_error *err)
{
    if (memcmp(id, "vcpu", 4) == 0)
        return read_vcpu_block(r, start, size, err);
    if (memcmp(id, "xcnt", 4) == 0)
        return read_xcnt_block(r, start, size, err);
    if (memcmp(id, "extv", 4) == 0)
        r->has_extended = true;
    else
        cls_warn(r->log,
                 "byte 0x%" PRIx64 ": unknown extended info block %02x%02x%02x%02x (%" PRIu32
                 " bytes) skipped, as Xen did",
                 start, id[0], id[1], id[2], id[3], size);
    return cls_input_skip(r->in, size, "extended info block", err);
}

static bool read_blocks(struct legacy_reader *r, struct cls_error *err)
{
    uint32_t left;

    if (!cls_input_u32(r->in, &left, "extended info length", err))
        return false;
    for (int64_t nr = 1; left > 0; nr++) {
        uint64_t start = r->in->offset;
        uint8_t header[BLOCK_HEADER_SIZE];
        uint32_t size;

        cls_input_at(r->in, "extended info block", nr, NULL);
        if (left < BLOCK_HEADER_SIZE)
            return cls_input_fail(r->in, err, start,
                                  "only %" PRIu32 " bytes of the extended info are left, which "
                                  "is no block",
                                  left);
        if (!cls_input_read(r->in, header, sizeof(header), "block header", err))
            return false;
        left -= BLOCK_HEADER_SIZE;
        size = get_le32(header + 4);
        if (size > left)
            return cls_input_fail(r->in, err, start,
                                  "block of %" PRIu32 " bytes, but only %" PRIu32
                                  " of the extended info are left",
                                  size, left);
        if (!read_block(r, start, header, size, err))
            return false;
        left -= size;
    }
    return true;
}

bool read_extended_info(struct legacy_reader *r, struct cls_error *err)
{
    uint64_t marker = r->options.width == 8 ? UINT64_MAX : UINT32_MAX;
    uint64_t start = r->in->offset;

    /* Unless a block says otherwise. */
    r->guest_width = r->options.width;
    r->pt_levels = r->guest_width == 8 ? 4 : 3;

    cls_input_at(r->in, "extended info", -1, NULL);
    if (!read_ulong(r, &r->first_frame, "extended info marker", err))
        return false;
    if (r->first_frame != marker) {
        cls_info(r->log, "no extended info: a stream of Xen 3.0 or 3.1");
    } else {
        tell_part(r, "extended info", start, 0);
        if (!read_blocks(r, err))
            return false;
        cls_input_at(r->in, "p2m frame list", -1, NULL);
        if (!read_ulong(r, &r->first_frame, "the p2m frame list", err))
            return false;
    }
    cls_info(r->log, "%u-bit PV guest, %u levels of page tables%s%s", r->guest_width * 8,
             r->pt_levels, r->has_extended ? ", extended vcpu contexts" : "",
             r->xcnt ? ", xsave" : "");
    return true;
}
