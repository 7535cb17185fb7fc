/*
 * State of PV vcpus. Xen 4.1.0 to 4.2.3 and 4.3.0 saved the xsave area of each PV vcpu in the size
 * of the host's. Later hypervisors reject an area that is larger than the components that the guest
 * has ever enabled (xcr0_accum); since 4.7.1 they accept only exactly that size
 * (XEN_DOMCTL_setvcpuextstate in xen/arch/x86/domctl.c).
 */
#include "base/bytes.h"
#include "facts_internal.h"

/* xcr0 and xcr0_accum precede the area. */
#define XSAVE_HEAD    16
#define XSAVE_ACCUM   8
#define XSTATE_FP_SSE UINT64_C(3)
#define XSTATE_YMM    UINT64_C(4)

/* Sizes of the area in standard format, without and with YMM; offset of xstate_bv in it. */
#define AREA_FP_SSE 576
#define AREA_YMM    832
#define XSTATE_BV   512

/* Offsets in struct xen_domctl_ext_vcpucontext: its size, and MCG_CAP after the callbacks. */
#define EXTENDED_SIZE    4
#define EXTENDED_MCG_CAP 32

bool xsave_excess(const uint8_t *bytes, size_t len, size_t *accepted, bool *used)
{
    const uint8_t *area = bytes + XSAVE_HEAD;
    uint64_t accum;

    if (len < XSAVE_HEAD)
        return false;
    accum = get_le64(bytes + XSAVE_ACCUM);
    if (accum & ~(XSTATE_FP_SSE | XSTATE_YMM))
        return false;
    *accepted = XSAVE_HEAD;
    if (accum)
        *accepted += accum & XSTATE_YMM ? AREA_YMM : AREA_FP_SSE;
    /* x87 and SSE state is also in the basic vcpu context, so that no state is lost. */
    *used =
        len >= XSAVE_HEAD + XSTATE_BV + 8 && get_le64(area + XSTATE_BV) & ~(accum | XSTATE_FP_SSE);
    return len > *accepted;
}

size_t extended_mcg_cap_offset(const uint8_t *bytes, size_t len)
{
    return len >= EXTENDED_MCG_CAP + 8 && get_le32(bytes + EXTENDED_SIZE) >= EXTENDED_MCG_CAP + 8
               ? EXTENDED_MCG_CAP
               : 0;
}

void collect_extended(struct limits_facts *facts, const uint8_t *bytes, size_t len)
{
    size_t offset = extended_mcg_cap_offset(bytes, len);

    if (offset)
        facts->mcg_caps |= get_le64(bytes + offset);
}

void collect_xsave(struct limits_facts *facts, const uint8_t *bytes, size_t len)
{
    size_t accepted;
    bool used;

    if (len >= XSAVE_HEAD)
        facts->xcr0_accum |= get_le64(bytes + XSAVE_ACCUM);
    if (!xsave_excess(bytes, len, &accepted, &used))
        return;
    facts->long_xsave++;
    facts->long_xsave_used += used;
}
