#include "base/bytes.h"
#include "facts_internal.h"

#define DESCRIPTOR 8

/* Offsets in struct hvm_save_header, hvm_hw_cpu and others (public/arch-x86/hvm/save.h). */
#define HEADER_CPUID     16
#define CPU_CR4          680
#define CPU_EFER         992
#define XSAVE_XCR0_ACCUM 16
#define MSR_COUNT        0
#define MSR_FIRST        8
#define MSR_SIZE         16
#define MSR_BNDCFGS      0x00000d90u
#define MSR_DR0_MASK     0xc0011027u
#define MSR_DR1_MASK     0xc0011019u
#define MSR_DR3_MASK     0xc001101bu

bool hvm_record_next(const uint8_t *context, size_t len, size_t *pos, struct hvm_record *record)
{
    const uint8_t *descriptor = context + *pos;

    if (len - *pos < DESCRIPTOR)
        return false;
    record->type = get_le16(descriptor);
    record->instance = get_le16(descriptor + 2);
    record->len = get_le32(descriptor + 4);
    record->offset = *pos + DESCRIPTOR;
    record->body = descriptor + DESCRIPTOR;
    if (record->type == HVM_RECORD_END || record->len > len - record->offset)
        return false;
    *pos = record->offset + record->len;
    return true;
}

static uint64_t field64(const struct hvm_record *record, uint32_t offset)
{
    return record->len >= offset + 8 ? get_le64(record->body + offset) : 0;
}

static void collect_msrs(struct limits_facts *facts, const struct hvm_record *record)
{
    uint32_t count = record->len >= MSR_FIRST ? get_le32(record->body + MSR_COUNT) : 0;

    for (uint32_t i = 0; i < count && record->len - MSR_FIRST >= (i + 1) * MSR_SIZE; i++) {
        uint32_t index = get_le32(record->body + MSR_FIRST + i * MSR_SIZE);

        facts->has_bndcfgs |= index == MSR_BNDCFGS;
        facts->has_dr_masks |=
            index == MSR_DR0_MASK || (index >= MSR_DR1_MASK && index <= MSR_DR3_MASK);
    }
}

/* Is the instance of a record of this type a vcpu id? */
static bool is_vcpu_record(uint16_t type)
{
    return type == HVM_RECORD_CPU || type == HVM_RECORD_LAPIC || type == HVM_RECORD_LAPIC_REGS ||
           type == HVM_RECORD_MTRR || type == HVM_RECORD_CPU_XSAVE ||
           (type >= HVM_RECORD_VIRIDIAN_VCPU && type <= HVM_RECORD_CPU_MSR);
}

static void collect_record(struct limits_facts *facts, const struct hvm_record *record)
{
    if (is_vcpu_record(record->type) && record->instance >= facts->vcpus_needed)
        facts->vcpus_needed = record->instance + 1u;
    switch (record->type) {
    case HVM_RECORD_HEADER:
        if (record->len >= HEADER_CPUID + 4)
            facts->cpuid_eax = get_le32(record->body + HEADER_CPUID);
        break;
    case HVM_RECORD_CPU:
        facts->cpu_records++;
        facts->cr4 |= field64(record, CPU_CR4);
        facts->efer |= field64(record, CPU_EFER);
        break;
    case HVM_RECORD_VIRIDIAN_DOMAIN:
        facts->has_viridian_state = true;
        break;
    case HVM_RECORD_CPU_XSAVE:
        facts->xcr0_accum |= field64(record, XSAVE_XCR0_ACCUM);
        break;
    case HVM_RECORD_VMCE_VCPU:
        facts->mcg_caps |= field64(record, 0);
        break;
    case HVM_RECORD_CPU_MSR:
        collect_msrs(facts, record);
        break;
    default:
        break;
    }
}

void collect_hvm_context(struct limits_facts *facts, const uint8_t *context, size_t len)
{
    struct hvm_record record;
    size_t pos = 0;

    facts->has_context = true;
    facts->cpu_records = 0;
    while (hvm_record_next(context, len, &pos, &record))
        collect_record(facts, &record);
}
