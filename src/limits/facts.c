#include "limits/facts.h"

#include "base/hvm_params.h"
#include "facts_internal.h"

void limits_facts_init(struct limits_facts *facts)
{
    *facts = (struct limits_facts){0};
    facts->qemu.vga_slot = facts->qemu.platform_slot = facts->qemu.sound_slot = -1;
}

enum limits_vendor limits_vendor_of(uint32_t cpuid_eax)
{
    unsigned family = cpuid_eax >> 8 & 0xf, extended = cpuid_eax >> 20 & 0xff;

    if (family == 6)
        return LIMITS_VENDOR_INTEL;
    /* Family 15 without an extension is a Pentium 4 or a K8. */
    return family == 15 && extended > 0 ? LIMITS_VENDOR_AMD : LIMITS_VENDOR_UNKNOWN;
}

static void collect_params(struct limits_facts *facts, const struct image_hvm_params *params)
{
    for (uint32_t i = 0; i < params->count; i++) {
        switch (params->params[i].index) {
        case HVM_PARAM_VIRIDIAN:
            facts->has_viridian = true;
            facts->viridian = params->params[i].value;
            break;
        case HVM_PARAM_IOREQ_SERVER_PFN:
            facts->has_ioreq_server = true;
            break;
        case HVM_PARAM_X87_FIP_WIDTH:
            facts->has_fip_width = true;
            break;
        case HVM_PARAM_CONSOLE_PFN:
            facts->has_console = true;
            break;
        default:
            break;
        }
    }
}

static void collect_vcpu(struct limits_facts *facts, const struct image_item *item)
{
    const struct image_data *data = &item->vcpu.data;

    if (item->vcpu.id >= facts->vcpus_needed)
        facts->vcpus_needed = item->vcpu.id + 1;
    if (!data->bytes)
        return;
    if (item->kind == IMAGE_VCPU_EXTENDED)
        collect_extended(facts, data->bytes, (size_t)data->len);
    else if (item->kind == IMAGE_VCPU_XSAVE)
        collect_xsave(facts, data->bytes, (size_t)data->len);
}

static void collect_qemu(struct limits_facts *facts, const struct image_data *data)
{
    if (data->bytes)
        qemu_facts(&facts->qemu, data->bytes, (size_t)data->len);
    else
        facts->qemu.kind = LIMITS_QEMU_UNKNOWN;
}

void limits_facts_item(struct limits_facts *facts, const struct image_item *item)
{
    switch (item->kind) {
    case IMAGE_BEGIN:
        facts->guest = item->begin.guest;
        break;
    case IMAGE_PV_INFO:
        facts->guest_width = item->pv_info.guest_width;
        break;
    case IMAGE_TSC_INFO:
        facts->has_tsc = true;
        facts->tsc_mode = item->tsc_info.mode;
        break;
    case IMAGE_HVM_PARAMS:
        collect_params(facts, &item->hvm_params);
        break;
    case IMAGE_HVM_CONTEXT:
        if (item->data.bytes)
            collect_hvm_context(facts, item->data.bytes, (size_t)item->data.len);
        break;
    case IMAGE_VCPU_BASIC:
    case IMAGE_VCPU_EXTENDED:
    case IMAGE_VCPU_XSAVE:
        collect_vcpu(facts, item);
        break;
    case IMAGE_EMULATOR:
        collect_qemu(facts, &item->emulator.data);
        break;
    case IMAGE_END:
        facts->complete = true;
        break;
    default:
        break;
    }
}
