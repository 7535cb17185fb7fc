#include <string.h>

#include "base/bytes.h"
#include "model.h"

#define MCG_CAPS ((uint64_t)1 << 24 | (uint64_t)1 << 11) /* SER_P, TES_P */

static uint8_t *own(struct model_blob *blob)
{
    uint8_t *bytes = model_alloc(blob->len + 1);

    memcpy(bytes, blob->at, blob->len);
    blob->at = bytes;
    return bytes;
}

static void clear_caps(uint8_t *at)
{
    put_le64(at, get_le64(at) & ~MCG_CAPS);
}

/* xen/include/public/arch-x86/hvm/save.h of 4.5: descriptor u16 type, u16 instance, u32 length. */
static void repair_context(struct model_guest *guest)
{
    uint8_t *bytes = own(&guest->context);
    size_t len = guest->context.len, pos = 0;
    bool viridian = false;

    while (len - pos >= 8) {
        unsigned type = get_le16(bytes + pos);
        size_t size = get_le32(bytes + pos + 4);

        if (type == 0 || size > len - pos - 8)
            break;
        if (type == 18 && size >= 8) /* VMCE_VCPU */
            clear_caps(bytes + pos + 8);
        viridian |= type == 15; /* VIRIDIAN_DOMAIN */
        pos += 8 + size;
    }
    if (viridian && !guest->has_param[9]) {
        guest->has_param[9] = true;
        guest->params[9] = 1;
    }
    guest->has_param[36] = false; /* X87_FIP_WIDTH */
}

static const uint8_t *find(const struct model_blob *in, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i + n <= in->len; i++)
        if (memcmp(in->at + i, name, n) == 0)
            return in->at + i;
    return NULL;
}

/* A section of QEMU 1.x of Xen 4.3 and 4.4: 04, id, 0b, name, instance, version, 144 zeros. */
static void cut_kvm_tpr_opt(struct model_blob *blob)
{
    const uint8_t *name = find(blob, "kvm-tpr-opt");
    size_t from = name ? (size_t)(name - blob->at) - 6 : 0, to = from + 169;
    uint8_t *bytes;

    if (!name || to > blob->len)
        return;
    for (size_t i = to - 144; i < to; i++)
        if (blob->at[i] != 0)
            return;
    bytes = own(blob);
    memmove(bytes + from, bytes + to, blob->len - to);
    blob->len -= 169;
}

/* After the name: instance, section version, version of the PCI state, PCI configuration. */
static void set_vga_revision(struct model_blob *blob)
{
    const uint8_t *name = find(blob, ".0/vga");
    size_t revision = name ? (size_t)(name - blob->at) + 6 + 8 + 4 + 8 : 0;

    if (name && revision < blob->len && blob->at[revision] == 0)
        own(blob)[revision] = 2;
}

/* xen/include/public/domctl.h of 4.2: u32 vcpu, u32 size, 24 octets, the caps. */
static void repair_extended(struct model_blob *blob)
{
    if (blob->at && get_le32(blob->at + 4) >= 40)
        clear_caps(own(blob) + 32);
}

/* xcr0, xcr0_accum, then the xsave area: 512 octets, xstate_bv. */
static void repair_xsave(struct model_blob *blob)
{
    uint64_t accum, used;
    size_t size;

    if (!blob->at || blob->len < 16 + 576)
        return;
    accum = get_le64(blob->at + 8);
    used = get_le64(blob->at + 16 + 512);
    size = 16 + (accum & 4 ? 832 : 576);
    if (blob->len > size && (used & ~accum) == 0)
        blob->len = size;
}

void model_repair(struct model_guest *guest)
{
    if (guest->has_tsc && guest->tsc_mode == 3)
        guest->tsc_mode = 1;
    for (unsigned id = 0; id < MODEL_VCPUS; id++) {
        repair_extended(&guest->vcpus[id].extended);
        repair_xsave(&guest->vcpus[id].xsave);
    }
    if (!guest->hvm)
        return;
    repair_context(guest);
    cut_kvm_tpr_opt(&guest->emulator);
    set_vga_revision(&guest->emulator);
}
