/*
 * Xen 4.1.0 to 4.2.3 and 4.3.0 saved each vcpu's xsave area as large as the host's, whatever the
 * guest used of it. Hypervisors since then refuse what is larger than the components that the guest
 * ever enabled (xcr0_accum) take, and since 4.8 everything but that very size
 * (XEN_DOMCTL_setvcpuextstate in xen/arch/x86/domctl.c).
 */
#include <inttypes.h>

#include "base/bytes.h"
#include "reader_internal.h"

#define XSTATE_FP_SSE UINT64_C(3)
#define XSTATE_YMM    UINT64_C(4)

/* Of the standard format, without and with YMM; xstate_bv follows the legacy region. */
#define AREA_FP_SSE 576
#define AREA_YMM    832
#define XSTATE_BV   512

/* The size that new hypervisors want; false where it is not known. */
static bool wanted_size(uint64_t xcr0_accum, uint64_t *size)
{
    if (xcr0_accum & ~(XSTATE_FP_SSE | XSTATE_YMM))
        return false;
    *size = XSAVE_SIZE_MIN;
    if (xcr0_accum)
        *size += xcr0_accum & XSTATE_YMM ? AREA_YMM : AREA_FP_SSE;
    return true;
}

/* Would cutting lose something? x87 and SSE state is in the vcpu's context, too. */
static bool is_used(const uint8_t *area, uint64_t size, uint64_t xcr0_accum)
{
    return size >= XSTATE_BV + 8 && get_le64(area + XSTATE_BV) & ~(xcr0_accum | XSTATE_FP_SSE);
}

void trim_xsave(struct legacy_reader *r, uint64_t offset, uint64_t *size)
{
    uint64_t accum = get_le64(r->vcpu_bytes + 8), wanted;
    bool used;

    if (!wanted_size(accum, &wanted) || *size <= wanted)
        return;
    used = is_used(r->vcpu_bytes + XSAVE_SIZE_MIN, *size - XSAVE_SIZE_MIN, accum);
    if (r->options.trim_xsave && !used) {
        cls_info(r->log, "vcpu %" PRIu32 ": xsave record cut from %" PRIu64 " to %" PRIu64 " bytes",
                 r->vcpu, *size, wanted);
        *size = wanted;
    } else if (!r->xsave_warned && !r->looking) {
        r->xsave_warned = true;
        cls_warn(r->log,
                 "byte 0x%" PRIx64 ": xsave record of vcpu %" PRIu32 ": %" PRIu64 " bytes where "
                 "new hypervisors insist on %" PRIu64 "%s",
                 offset, r->vcpu, *size, wanted,
                 used ? ", and what is beyond is in use" : " (--trim-xsave cuts it)");
    }
}
