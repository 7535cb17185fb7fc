#include "limits/repair.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hvm_params.h"

#define TSC_MODE_ALWAYS_EMULATE 1
#define TSC_MODE_PVRDTSCP       3
#define HVMPV_BASE_FREQ         1 /* the only features of Xen before 4.5 */
#define VGA_REVISION            2 /* of QEMU since 2.2 */

/* Length of a qemu record's signature, which precedes its length field, if it has one. */
#define SIGNATURE_SIZE 21

void repair_init(struct repair *repair, const struct repair_request *request,
                 const struct limits_host *host)
{
    *repair = (struct repair){.selected = request->named};
    if (!request->all)
        return;
    repair->selected |= limits_repairs_for(host);
    repair->amd_only =
        host->vendor == LIMITS_VENDOR_UNKNOWN && !(request->named & LIMITS_REPAIR_MCE_CAPS);
}

static bool is_selected(const struct repair *repair, enum limits_repair kind)
{
    return repair->selected & (unsigned)kind;
}

static void count_repair(struct repair *repair, unsigned kind)
{
    for (unsigned i = 0; i < LIMITS_REPAIRS; i++)
        repair->counts[i] += kind == 1u << i;
}

static void repair_tsc(struct repair *repair, struct image_tsc_info *tsc)
{
    if (!is_selected(repair, LIMITS_REPAIR_TSC_MODE) || tsc->mode != TSC_MODE_PVRDTSCP)
        return;
    tsc->mode = TSC_MODE_ALWAYS_EMULATE;
    count_repair(repair, LIMITS_REPAIR_TSC_MODE);
}

/* Drops HVM_PARAM_X87_FIP_WIDTH. */
static void repair_params(struct repair *repair, struct image_hvm_params *params)
{
    uint32_t count_kept = 0;

    for (uint32_t i = 0; i < params->count; i++)
        repair->has_viridian |= params->params[i].index == HVM_PARAM_VIRIDIAN;
    if (!is_selected(repair, LIMITS_REPAIR_FIP_WIDTH) || params->count > REPAIR_PARAMS_MAX)
        return;
    for (uint32_t i = 0; i < params->count; i++)
        if (params->params[i].index != HVM_PARAM_X87_FIP_WIDTH)
            repair->params[count_kept++] = params->params[i];
    if (count_kept == params->count)
        return;
    params->params = repair->params;
    params->count = count_kept;
    count_repair(repair, LIMITS_REPAIR_FIP_WIDTH);
}

/* Clears MCG_TES_P and MCG_SER_P in the u64 at offset. */
static bool clear_caps(struct repair *repair, struct limits_hold *hold, struct image_data *data,
                       size_t offset, struct cls_error *err)
{
    uint64_t caps = get_le64(data->bytes + offset);
    uint8_t *bytes;

    if (!(caps & (MCG_TES_P | MCG_SER_P)))
        return true;
    bytes = limits_hold_writable(hold, data, err);
    if (!bytes)
        return false;
    put_le64(bytes + offset, caps & ~(MCG_TES_P | MCG_SER_P));
    count_repair(repair, LIMITS_REPAIR_MCE_CAPS);
    return true;
}

struct context_facts {
    bool viridian, amd;
};

static struct context_facts examine_context(const struct image_data *data)
{
    struct context_facts found = {0};
    struct limits_facts facts;

    limits_facts_init(&facts);
    limits_facts_item(&facts, &(struct image_item){.kind = IMAGE_HVM_CONTEXT, .data = *data});
    found.viridian = facts.has_viridian_state;
    found.amd = limits_vendor_of(facts.cpuid_eax) == LIMITS_VENDOR_AMD;
    return found;
}

static bool repair_context_caps(struct repair *repair, struct limits_hold *hold,
                                struct image_data *data, struct cls_error *err)
{
    struct hvm_record record;
    size_t pos = 0;

    while (hvm_record_next(data->bytes, (size_t)data->len, &pos, &record))
        if (record.type == HVM_RECORD_VMCE_VCPU && record.len >= 8 &&
            !clear_caps(repair, hold, data, record.offset, err))
            return false;
    return true;
}

/* Adds HVM_PARAM_VIRIDIAN in a record before the context, and clears MCG_CAP bits in it. */
static bool repair_context(struct repair *repair, struct limits_hold *hold, struct image_data *data,
                           struct image_item *before, bool *has_before, struct cls_error *err)
{
    struct context_facts found = examine_context(data);

    if (is_selected(repair, LIMITS_REPAIR_VIRIDIAN) && found.viridian && !repair->has_viridian) {
        repair->viridian = (struct image_hvm_param){HVM_PARAM_VIRIDIAN, HVMPV_BASE_FREQ};
        *before =
            (struct image_item){.kind = IMAGE_HVM_PARAMS, .hvm_params = {1, &repair->viridian}};
        *has_before = true;
        count_repair(repair, LIMITS_REPAIR_VIRIDIAN);
    }
    return !is_selected(repair, LIMITS_REPAIR_MCE_CAPS) || (repair->amd_only && !found.amd) ||
           repair_context_caps(repair, hold, data, err);
}

/* The stream of a PV guest does not tell the vendor of the CPU, so amd_only excludes it. */
static bool repair_extended(struct repair *repair, struct limits_hold *hold,
                            struct image_data *data, struct cls_error *err)
{
    size_t offset = extended_mcg_cap_offset(data->bytes, (size_t)data->len);

    return !offset || !is_selected(repair, LIMITS_REPAIR_MCE_CAPS) || repair->amd_only ||
           clear_caps(repair, hold, data, offset, err);
}

static void repair_xsave(struct repair *repair, struct image_data *data)
{
    size_t accepted;
    bool used;

    if (!is_selected(repair, LIMITS_REPAIR_XSAVE) ||
        !xsave_excess(data->bytes, (size_t)data->len, &accepted, &used) || used)
        return;
    data->len = accepted;
    count_repair(repair, LIMITS_REPAIR_XSAVE);
}

/*
 * Updates the length in the record's lead: little-endian after the signature, or big-endian after
 * signature and newline (XAPI). libxl's own header has no length.
 */
static void update_lead_length(struct repair *repair, struct image_emulator *emulator)
{
    size_t at = emulator->lead_len - 4;

    if (emulator->lead_len < SIGNATURE_SIZE + 4 || emulator->lead_len > sizeof(repair->lead))
        return;
    memcpy(repair->lead, emulator->lead, emulator->lead_len);
    if (at == SIGNATURE_SIZE)
        put_le32(repair->lead + at, (uint32_t)emulator->data.len);
    else
        put_be32(repair->lead + at, (uint32_t)emulator->data.len);
    emulator->lead = repair->lead;
}

static bool drop_kvm_tpr_opt(struct repair *repair, struct limits_hold *hold,
                             struct image_emulator *emulator, struct cls_error *err)
{
    struct image_data *data = &emulator->data;
    size_t offset, size;
    uint8_t *bytes;

    if (!qemu_find_kvm_tpr_opt(data->bytes, (size_t)data->len, &offset, &size))
        return true;
    bytes = limits_hold_writable(hold, data, err);
    if (!bytes)
        return false;
    data->len -= size;
    memmove(bytes + offset, bytes + offset + size, (size_t)data->len - offset);
    update_lead_length(repair, emulator);
    count_repair(repair, LIMITS_REPAIR_KVMVAPIC);
    return true;
}

static bool set_vga_revision(struct repair *repair, struct limits_hold *hold,
                             struct image_data *data, struct cls_error *err)
{
    size_t offset;
    uint8_t *bytes;

    if (!qemu_find_vga_revision(data->bytes, (size_t)data->len, &offset))
        return true;
    bytes = limits_hold_writable(hold, data, err);
    if (!bytes)
        return false;
    bytes[offset] = VGA_REVISION;
    count_repair(repair, LIMITS_REPAIR_VGA_REVISION);
    return true;
}

static bool repair_emulator(struct repair *repair, struct limits_hold *hold,
                            struct image_emulator *emulator, struct cls_error *err)
{
    return (!is_selected(repair, LIMITS_REPAIR_KVMVAPIC) ||
            drop_kvm_tpr_opt(repair, hold, emulator, err)) &&
           (!is_selected(repair, LIMITS_REPAIR_VGA_REVISION) ||
            set_vga_revision(repair, hold, &emulator->data, err));
}

bool repair_item(struct repair *repair, struct limits_hold *hold, struct image_item *item,
                 struct image_item *before, bool *has_before, struct cls_error *err)
{
    *has_before = false;
    switch (item->kind) {
    case IMAGE_TSC_INFO:
        repair_tsc(repair, &item->tsc_info);
        return true;
    case IMAGE_HVM_PARAMS:
        repair_params(repair, &item->hvm_params);
        return true;
    case IMAGE_HVM_CONTEXT:
        return !item->data.bytes ||
               repair_context(repair, hold, &item->data, before, has_before, err);
    case IMAGE_VCPU_EXTENDED:
        return repair_extended(repair, hold, &item->vcpu.data, err);
    case IMAGE_VCPU_XSAVE:
        repair_xsave(repair, &item->vcpu.data);
        return true;
    case IMAGE_EMULATOR:
        return !item->emulator.data.bytes || repair_emulator(repair, hold, &item->emulator, err);
    default:
        return true;
    }
}

bool repair_drops_emulator(struct repair *repair, const struct repair_request *request,
                           const struct limits_host *host, const char *path)
{
    if (!*path || !is_selected(repair, LIMITS_REPAIR_EMULATOR))
        return false;
    for (unsigned i = 0; i < host->emulators_count; i++)
        if (!(request->named & LIMITS_REPAIR_EMULATOR) && strcmp(host->emulators[i], path) == 0)
            return false;
    count_repair(repair, LIMITS_REPAIR_EMULATOR);
    return true;
}

unsigned repair_made(const struct repair *repair)
{
    unsigned made = 0;

    for (unsigned i = 0; i < LIMITS_REPAIRS; i++)
        made |= repair->counts[i] ? 1u << i : 0;
    return made;
}

void repair_log(const struct repair *repair, const struct cls_log *log)
{
    static const char *const texts[LIMITS_REPAIRS] = {
        "HVM_PARAM_VIRIDIAN = 1 added",
        "TSC mode 3 changed to 1",
        "xsave records cut",
        "MCG_SER_P and MCG_TES_P cleared",
        "HVM_PARAM_X87_FIP_WIDTH dropped",
        "section kvm-tpr-opt of the qemu record dropped",
        "PCI revision of the VGA changed from 0 to 2",
        "<emulator> dropped from the XML",
    };

    for (unsigned i = 0; i < LIMITS_REPAIRS; i++)
        if (repair->counts[i] > 0)
            cls_warn(log, "repaired (%s): %s, %u time%s", limits_repair_name(1u << i), texts[i],
                     repair->counts[i], repair->counts[i] == 1 ? "" : "s");
}
