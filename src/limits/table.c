/*
 * The facts are from Xen's source at the tags of the releases; docs/limits.md names files and
 * commits for each row. "derived": concluded from the source, not observed.
 */
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define R LIMITS_RELEASE
#define ALWAYS                                                                                     \
    {                                                                                              \
        {                                                                                          \
            R(6, 0), RELEASE_END                                                                   \
        }                                                                                          \
    }

#define XCR0_YMM    (UINT64_C(1) << 2)
#define XCR0_MPX    (UINT64_C(3) << 3)
#define XCR0_AVX512 (UINT64_C(7) << 5)
#define XCR0_LWP    (UINT64_C(1) << 62)

#define CR4_VMXE     (UINT64_C(1) << 13)
#define CR4_FSGSBASE (UINT64_C(1) << 16)
#define CR4_PCIDE    (UINT64_C(1) << 17)
#define CR4_OSXSAVE  (UINT64_C(1) << 18)
#define CR4_SMEP     (UINT64_C(1) << 20)
#define CR4_SMAP     (UINT64_C(1) << 21)
#define EFER_SVME    (UINT64_C(1) << 12)
#define EFER_LMSLE   (UINT64_C(1) << 13)

#define TSC_MODE_PVRDTSCP 3
#define MAXMEM_SLACK_KIB  1024 /* LIBXL_MAXMEM_CONSTANT */

/* The mask that libxl sets for viridian = 1: hvm_set_viridian_features() in libxl_dom.c. */
#define HVMPV_4_6 0x05
#define HVMPV_4_7 0x25
#define HVMPV_4_9 0x65

#define IN_SAVE(name)                                                                              \
    static bool name(const struct limits_facts *facts, const struct limits_host *host,             \
                     const struct limit *limit, struct limits_finding *finding)
#define UNUSED() (void)facts, (void)host, (void)limit, (void)finding

IN_SAVE(pv64)
{
    UNUSED();
    return facts->guest == GUEST_PV && facts->guest_width == 8;
}

IN_SAVE(pv32)
{
    UNUSED();
    return facts->guest == GUEST_PV && facts->guest_width == 4;
}

static enum limits_known host_pv32(const struct limits_facts *facts, const struct limits_host *host)
{
    (void)facts;
    return host->pv32;
}

static bool is_traditional(const struct limits_facts *facts)
{
    return facts->guest == GUEST_HVM &&
           (facts->qemu.kind == LIMITS_QEMU_TRADITIONAL || facts->config.traditional);
}

IN_SAVE(traditional)
{
    UNUSED();
    return is_traditional(facts);
}

IN_SAVE(traditional_by_default)
{
    UNUSED();
    return is_traditional(facts) && !facts->config.has_device_model;
}

/* For 4.21 and later, another row of the table applies. */
static enum limits_known host_traditional(const struct limits_facts *facts,
                                          const struct limits_host *host)
{
    (void)facts;
    return host->is_local && host->minor >= 21 ? LIMITS_YES : host->qemu_traditional;
}

/* Without a configuration, the viridian setting of the restore is unknown. */
IN_SAVE(viridian_mask)
{
    UNUSED();
    if (!facts->has_viridian || facts->viridian == 0 || facts->viridian == limit->arg)
        return false;
    if (!facts->config.found)
        finding->severity = LIMITS_HARMS;
    return !facts->config.found ||
           (facts->config.viridian && facts->config.viridian_mask != facts->viridian);
}

IN_SAVE(viridian_missing)
{
    UNUSED();
    return facts->has_viridian_state && !facts->has_viridian;
}

IN_SAVE(vga_in_slot_2)
{
    UNUSED();
    return facts->qemu.vga_slot == 2;
}

IN_SAVE(no_ioreq_upstream)
{
    UNUSED();
    return facts->has_context && !facts->has_ioreq_server &&
           facts->qemu.kind == LIMITS_QEMU_UPSTREAM;
}

IN_SAVE(no_ioreq_traditional)
{
    UNUSED();
    return facts->has_context && !facts->has_ioreq_server && is_traditional(facts);
}

IN_SAVE(long_xsave)
{
    UNUSED();
    return facts->long_xsave > facts->long_xsave_used;
}

IN_SAVE(long_xsave_used)
{
    UNUSED();
    return facts->long_xsave_used > 0;
}

/* Writes the names of a set of features. */
static void feature_names(unsigned features, char *buf, size_t size)
{
    buf[0] = '\0';
    for (int i = 0; i < LIMITS_CPU_COUNT; i++) {
        size_t used = strlen(buf);

        if (features >> i & 1)
            snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
                     limits_cpu_name((enum limits_cpu)i));
    }
}

/* Returns the features that the host lacks; if there are none, those that are unknown. */
static unsigned missing_features(unsigned features, const struct limits_host *host)
{
    unsigned lacking = 0, unknown = 0;

    for (int i = 0; i < LIMITS_CPU_COUNT; i++) {
        if (!(features >> i & 1))
            continue;
        lacking |= (unsigned)(host->cpu[i] == LIMITS_NO) << i;
        unknown |= (unsigned)(host->cpu[i] == LIMITS_UNKNOWN) << i;
    }
    return lacking ? lacking : unknown;
}

static bool needs(unsigned features, const char *of, const struct limits_host *host,
                  struct limits_finding *finding)
{
    unsigned missing = missing_features(features, host);
    char names[96];

    feature_names(missing, names, sizeof(names));
    snprintf(finding->what, sizeof(finding->what), "%s: CPU features %s", of, names);
    return missing != 0;
}

static enum limits_known host_has(unsigned features, const struct limits_host *host)
{
    enum limits_known known = LIMITS_YES;

    for (int i = 0; i < LIMITS_CPU_COUNT; i++) {
        if (!(features >> i & 1) || host->cpu[i] == LIMITS_YES)
            continue;
        if (host->cpu[i] == LIMITS_NO)
            return LIMITS_NO;
        known = LIMITS_UNKNOWN;
    }
    return known;
}

static unsigned xcr0_features(const struct limits_facts *facts)
{
    uint64_t accum = facts->xcr0_accum;

    return (accum ? 1u << LIMITS_CPU_XSAVE : 0) | (accum & XCR0_YMM ? 1u << LIMITS_CPU_AVX : 0) |
           (accum & XCR0_MPX ? 1u << LIMITS_CPU_MPX : 0) |
           (accum & XCR0_AVX512 ? 1u << LIMITS_CPU_AVX512 : 0);
}

static unsigned cr4_features(const struct limits_facts *facts)
{
    uint64_t cr4 = facts->cr4;

    return (cr4 & CR4_OSXSAVE ? 1u << LIMITS_CPU_XSAVE : 0) |
           (cr4 & CR4_FSGSBASE ? 1u << LIMITS_CPU_FSGSBASE : 0) |
           (cr4 & CR4_PCIDE ? 1u << LIMITS_CPU_PCID : 0) |
           (cr4 & CR4_SMEP ? 1u << LIMITS_CPU_SMEP : 0) |
           (cr4 & CR4_SMAP ? 1u << LIMITS_CPU_SMAP : 0);
}

static unsigned msr_features(const struct limits_facts *facts)
{
    return (facts->has_bndcfgs ? 1u << LIMITS_CPU_MPX : 0) |
           (facts->has_dr_masks ? 1u << LIMITS_CPU_DBEXT : 0);
}

/* Defines in_save() and on_host() of a limit on the CPU features that features() returns. */
#define NEEDS_FEATURES(name, features, what)                                                       \
    IN_SAVE(name)                                                                                  \
    {                                                                                              \
        UNUSED();                                                                                  \
        return needs(features(facts), what, host, finding);                                        \
    }                                                                                              \
    static enum limits_known host_##name(const struct limits_facts *facts,                         \
                                         const struct limits_host *host)                           \
    {                                                                                              \
        return host_has(features(facts), host);                                                    \
    }

NEEDS_FEATURES(xcr0, xcr0_features, "xsave state")
NEEDS_FEATURES(cr4, cr4_features, "CR4")
NEEDS_FEATURES(msrs, msr_features, "MSRs")

IN_SAVE(lwp)
{
    UNUSED();
    return facts->xcr0_accum & XCR0_LWP;
}

IN_SAVE(lmsle)
{
    UNUSED();
    return facts->efer & EFER_LMSLE;
}

static bool without_nested(const struct limits_facts *facts, struct limits_finding *finding)
{
    if (!facts->config.found)
        finding->severity = LIMITS_HARMS;
    return !facts->config.nested_hvm;
}

IN_SAVE(vmxe)
{
    UNUSED();
    return facts->cr4 & CR4_VMXE && without_nested(facts, finding);
}

IN_SAVE(svme)
{
    UNUSED();
    return facts->efer & EFER_SVME && without_nested(facts, finding);
}

IN_SAVE(nested_in_use)
{
    UNUSED();
    return facts->cr4 & CR4_VMXE || facts->efer & EFER_SVME;
}

IN_SAVE(builder)
{
    UNUSED();
    snprintf(finding->what, sizeof(finding->what), "configuration: builder = \"%s\"",
             facts->config.builder);
    return facts->config.bad_builder;
}

IN_SAVE(timer_mode)
{
    UNUSED();
    return facts->guest == GUEST_PV && facts->config.timer_mode && !facts->config.json;
}

IN_SAVE(vcpus_above_max)
{
    UNUSED();
    return facts->config.max_vcpus > 0 && facts->config.vcpus > facts->config.max_vcpus;
}

IN_SAVE(memory)
{
    uint64_t populated = facts->populated * (CLS_PAGE_SIZE / 1024);
    uint64_t allowed = facts->config.memory_kib;

    UNUSED();
    snprintf(finding->what, sizeof(finding->what),
             "configuration: memory = %" PRIu64 ", but the stream populates %" PRIu64 " MiB",
             allowed / 1024, (populated + 1023) / 1024);
    return allowed > 0 && populated > allowed + MAXMEM_SLACK_KIB;
}

IN_SAVE(mcg_caps)
{
    bool by_amd = limits_vendor_of(facts->cpuid_eax) == LIMITS_VENDOR_AMD;

    UNUSED();
    finding->silent = true;
    return facts->mcg_caps & (MCG_TES_P | MCG_SER_P) && by_amd == (limit->arg != 0);
}

static enum limits_known host_mcg_caps(const struct limits_facts *facts,
                                       const struct limits_host *host)
{
    (void)facts;
    return host->vendor == LIMITS_VENDOR_AMD     ? LIMITS_NO
           : host->vendor == LIMITS_VENDOR_INTEL ? LIMITS_YES
                                                 : LIMITS_UNKNOWN;
}

IN_SAVE(pvrdtscp)
{
    UNUSED();
    return facts->has_tsc && facts->tsc_mode == TSC_MODE_PVRDTSCP;
}

IN_SAVE(pvrdtscp_config)
{
    UNUSED();
    return facts->config.pvrdtscp;
}

IN_SAVE(l1tf)
{
    UNUSED();
    snprintf(finding->what, sizeof(finding->what),
             "%" PRIu64 " page table entries vulnerable to L1TF", facts->l1tf_entries);
    return facts->guest == GUEST_PV && facts->l1tf_entries > 0;
}

static enum limits_known host_l1tf(const struct limits_facts *facts, const struct limits_host *host)
{
    (void)facts;
    return host->l1tf == LIMITS_NO ? LIMITS_YES : LIMITS_UNKNOWN;
}

IN_SAVE(vendor)
{
    enum limits_vendor vendor = limits_vendor_of(facts->cpuid_eax);

    UNUSED();
    snprintf(finding->what, sizeof(finding->what), "HVM guest saved on a CPU of %s",
             vendor == LIMITS_VENDOR_INTEL ? "Intel" : "AMD");
    return facts->guest == GUEST_HVM && vendor != LIMITS_VENDOR_UNKNOWN;
}

static enum limits_known host_vendor(const struct limits_facts *facts,
                                     const struct limits_host *host)
{
    if (host->vendor == LIMITS_VENDOR_UNKNOWN)
        return LIMITS_UNKNOWN;
    return host->vendor == limits_vendor_of(facts->cpuid_eax) ? LIMITS_YES : LIMITS_NO;
}

IN_SAVE(emulator)
{
    UNUSED();
    snprintf(finding->what, sizeof(finding->what), "libvirt's XML: <emulator> %s",
             facts->config.emulator);
    return facts->config.emulator[0];
}

static enum limits_known host_emulator(const struct limits_facts *facts,
                                       const struct limits_host *host)
{
    for (unsigned i = 0; i < host->emulators_count; i++)
        if (strcmp(host->emulators[i], facts->config.emulator) == 0)
            return LIMITS_YES;
    return host->emulators_complete ? LIMITS_NO : LIMITS_UNKNOWN;
}

IN_SAVE(max_vcpus)
{
    const struct limits_config_facts *c = &facts->config;
    uint64_t max = c->max_vcpus ? c->max_vcpus : c->vcpus;

    UNUSED();
    if (c->found && !c->json && max == 0)
        max = 1;
    snprintf(finding->what, sizeof(finding->what),
             "configuration: maxvcpus is %" PRIu64 ", but the stream has vcpu %" PRIu32, max,
             facts->vcpus_needed - 1);
    return max > 0 && !c->cut && facts->vcpus_needed > max;
}

IN_SAVE(fip_width)
{
    UNUSED();
    return facts->has_fip_width;
}

IN_SAVE(no_tsc)
{
    UNUSED();
    return facts->guest == GUEST_HVM && facts->complete && !facts->has_tsc;
}

IN_SAVE(guest_kind)
{
    UNUSED();
    snprintf(finding->what, sizeof(finding->what), "%s guest",
             facts->guest == GUEST_PV ? "PV" : "HVM");
    finding->silent = true;
    return facts->guest == GUEST_HVM || (facts->guest == GUEST_PV && facts->guest_width != 4);
}

static enum limits_known host_guest_kind(const struct limits_facts *facts,
                                         const struct limits_host *host)
{
    return facts->guest == GUEST_PV ? host->pv : host->hvm;
}

IN_SAVE(acpi_off)
{
    UNUSED();
    return facts->guest == GUEST_HVM && facts->config.acpi_off;
}

IN_SAVE(pvh)
{
    UNUSED();
    return facts->config.pvh;
}

IN_SAVE(stubdom)
{
    UNUSED();
    return facts->guest == GUEST_HVM && facts->config.stubdom;
}

IN_SAVE(no_console)
{
    UNUSED();
    return facts->guest == GUEST_HVM && facts->complete && !facts->has_console;
}

IN_SAVE(vga_revision)
{
    UNUSED();
    return facts->qemu.vga_revision_0;
}

/* Newer libxl always puts the VGA into slot 3. */
IN_SAVE(sound)
{
    const struct limits_qemu_facts *qemu = &facts->qemu;

    UNUSED();
    snprintf(finding->what, sizeof(finding->what),
             "QEMU state: sound card %s in PCI slot %d, before the VGA in slot %d", qemu->sound,
             qemu->sound_slot, qemu->vga_slot);
    return qemu->sound_slot >= 0 && qemu->vga_slot > qemu->sound_slot;
}

IN_SAVE(kvm_tpr_opt)
{
    UNUSED();
    return facts->qemu.kvm_tpr_opt;
}

IN_SAVE(no_platform)
{
    const struct limits_qemu_facts *qemu = &facts->qemu;

    UNUSED();
    return qemu->kind == LIMITS_QEMU_UPSTREAM && qemu->platform_slot < 0 && qemu->vga_slot != 2;
}

#define REPAIR(name) LIMITS_REPAIR_##name

const struct limit limits_table[] = {
    {"R0",
     LIMITS_HARMS,
     0,
     pv64,
     NULL,
     0,
     {{R(21, 0), R(21, 2)}},
     "64-bit PV guest",
     "restored with r8 to r15 zero (derived: it crashes) by Xen",
     "Xen 4.21.2 or later, or 4.20"},
    {"R1",
     LIMITS_BLOCKS,
     0,
     traditional,
     NULL,
     0,
     {{R(21, 0), RELEASE_END}},
     "device model qemu-traditional",
     "removed (unknown device model version) from Xen",
     "a host with Xen 4.6 to 4.20 built with qemu-traditional; or start the guest from its disk"},
    {"R1",
     LIMITS_BLOCKS,
     0,
     traditional_by_default,
     host_traditional,
     0,
     {{R(16, 0), R(21, 0)}},
     "device model qemu-traditional",
     "not built by default with Xen",
     "install qemu-traditional (qemu-dm, --enable-qemu-traditional) and set device_model_version"},
    {"R2",
     LIMITS_BLOCKS,
     0,
     pv32,
     host_pv32,
     0,
     {{R(14, 3), R(15, 0)}, {R(15, 1), RELEASE_END}},
     "32-bit PV guest",
     "not in default builds (CONFIG_PV32) of Xen",
     "a hypervisor built with CONFIG_PV32, booted with pv=32 and without CET"},
    {"R3",
     LIMITS_BLOCKS,
     0,
     viridian_mask,
     NULL,
     HVMPV_4_6,
     {{R(6, 0), R(7, 0)}},
     "viridian = 1 in the configuration and in the stream",
     "rejected by libxl of Xen",
     NULL},
    {"R3",
     LIMITS_BLOCKS,
     0,
     viridian_mask,
     NULL,
     HVMPV_4_7,
     {{R(7, 0), R(9, 0)}},
     "viridian = 1 in the configuration and in the stream",
     "rejected by libxl of Xen",
     NULL},
    {"R3",
     LIMITS_BLOCKS,
     0,
     viridian_mask,
     NULL,
     HVMPV_4_9,
     {{R(9, 0), R(15, 0)}},
     "viridian = 1 in the configuration and in the stream",
     "rejected by libxl of Xen",
     NULL},
    {"R4",
     LIMITS_HARMS,
     REPAIR(VIRIDIAN),
     viridian_missing,
     NULL,
     0,
     {{R(15, 0), RELEASE_END}},
     "viridian state without HVM_PARAM_VIRIDIAN",
     "the guest loses its enlightenments on Xen",
     NULL},
    {"R5", LIMITS_BLOCKS, 0, vga_in_slot_2, NULL, 0, ALWAYS,
     "QEMU state of libxl 4.2 or 4.3: VGA in PCI slot 2", "rejected by QEMU of Xen", NULL},
    {"R6",
     LIMITS_HARMS,
     0,
     no_ioreq_upstream,
     NULL,
     0,
     {{R(6, 0), R(8, 0)}},
     "no ioreq server pages (saved before 4.5)",
     "rejected (derived) by QEMU of Xen",
     "a newer Xen"},
    {"R6",
     LIMITS_HARMS,
     0,
     no_ioreq_traditional,
     NULL,
     0,
     {{R(12, 0), R(19, 4)}, {R(20, 0), R(20, 2)}},
     "no ioreq server pages (saved before 4.5)",
     "rejected (derived) with qemu-traditional by Xen",
     "Xen 4.6 to 4.11, 4.19.4 or 4.20.2"},
    {"R7", LIMITS_BLOCKS, REPAIR(XSAVE), long_xsave, NULL, 0, ALWAYS,
     "xsave records longer than the guest's features need", "rejected by Xen", NULL},
    {"R7", LIMITS_BLOCKS, 0, long_xsave_used, NULL, 0, ALWAYS,
     "xsave records longer than the guest's features need, and in use there", "rejected by Xen",
     NULL},
    {"R8",
     LIMITS_BLOCKS,
     0,
     xcr0,
     host_xcr0,
     0,
     {{0, 0}},
     NULL,
     "rejected by a host without them",
     "a host whose CPU has them"},
    {"R8",
     LIMITS_BLOCKS,
     0,
     lwp,
     NULL,
     0,
     {{R(13, 0), RELEASE_END}},
     "xsave state of AMD's LWP",
     "rejected by Xen",
     "Xen 4.12 or earlier on an AMD CPU with LWP"},
    {"R9",
     LIMITS_BLOCKS,
     0,
     cr4,
     host_cr4,
     0,
     {{0, 0}},
     NULL,
     "rejected by a host without them",
     "a host whose CPU has them"},
    {"R9",
     LIMITS_BLOCKS,
     0,
     vmxe,
     NULL,
     0,
     {{R(15, 0), RELEASE_END}},
     "CR4.VMXE set, but no nestedhvm = 1 in the configuration",
     "rejected by Xen",
     "nestedhvm = 1 in the configuration"},
    {"R9", LIMITS_BLOCKS, 0, svme, NULL, 0, ALWAYS,
     "EFER.SVME set, but no nestedhvm = 1 in the configuration", "rejected by Xen",
     "nestedhvm = 1 in the configuration"},
    {"R9",
     LIMITS_BLOCKS,
     0,
     lmsle,
     NULL,
     0,
     {{R(12, 0), RELEASE_END}},
     "EFER.LMSLE set",
     "rejected by Xen",
     "Xen 4.11 or earlier"},
    {"R10",
     LIMITS_BLOCKS,
     0,
     builder,
     NULL,
     0,
     {{R(10, 0), RELEASE_END}},
     NULL,
     "rejected by xl of Xen",
     "xl restore CONFIG FILE, with type = \"pv\" instead"},
    {"R10",
     LIMITS_BLOCKS,
     0,
     timer_mode,
     NULL,
     0,
     {{R(10, 0), RELEASE_END}},
     "configuration: timer_mode for a PV guest",
     "rejected by xl of Xen",
     "xl restore CONFIG FILE, without timer_mode"},
    {"R10", LIMITS_BLOCKS, 0, vcpus_above_max, NULL, 0, ALWAYS,
     "configuration: vcpus above maxvcpus", "rejected by xl of Xen",
     "xl restore CONFIG FILE, with another maxvcpus"},
    {"R11", LIMITS_BLOCKS, 0, memory, NULL, 0, ALWAYS, NULL, "rejected by Xen",
     "xl restore CONFIG FILE, with more memory"},
    {"R12", LIMITS_BLOCKS, REPAIR(MCE_CAPS), mcg_caps, host_mcg_caps, 1, ALWAYS,
     "MCG_CAP with SER_P or TES_P, saved on an AMD CPU", "rejected on AMD CPUs by Xen", NULL},
    {"R12",
     LIMITS_BLOCKS,
     REPAIR(MCE_CAPS),
     mcg_caps,
     host_mcg_caps,
     0,
     {{0, 0}},
     "MCG_CAP with SER_P or TES_P",
     "rejected on AMD CPUs",
     NULL},
    {"R13",
     LIMITS_BLOCKS,
     REPAIR(TSC_MODE),
     pvrdtscp,
     NULL,
     0,
     {{R(12, 0), RELEASE_END}},
     "TSC mode 3 (PVRDTSCP)",
     "rejected by Xen",
     NULL},
    {"R13",
     LIMITS_BLOCKS,
     0,
     pvrdtscp_config,
     NULL,
     0,
     {{R(12, 0), RELEASE_END}},
     "configuration: tsc_mode = \"native_paravirt\"",
     "rejected by libxl of Xen",
     "xl restore CONFIG FILE, without tsc_mode"},
    {"R14",
     LIMITS_HARMS,
     0,
     l1tf,
     host_l1tf,
     0,
     {{R(8, 5), R(9, 0)}, {R(9, 3), R(10, 0)}, {R(10, 2), R(11, 0)}, {R(11, 1), RELEASE_END}},
     NULL,
     "shadowed on affected Intel CPUs (slow), or crashed if built without SHADOW_PAGING, by Xen",
     "boot option pv-l1tf=0, or a hypervisor built with SHADOW_PAGING"},
    {"R15",
     LIMITS_HARMS,
     0,
     vendor,
     host_vendor,
     0,
     {{0, 0}},
     NULL,
     "the guest may crash (derived) on a CPU of another vendor",
     "a host of the same vendor"},
    {"R16",
     LIMITS_BLOCKS,
     REPAIR(EMULATOR),
     emulator,
     host_emulator,
     0,
     {{0, 0}},
     NULL,
     "rejected by libvirt where there is no such file",
     NULL},
    {"R18", LIMITS_BLOCKS, 0, max_vcpus, NULL, 0, ALWAYS, NULL, "rejected by Xen",
     "xl restore CONFIG FILE, with a higher maxvcpus"},
    {"R20",
     LIMITS_BLOCKS,
     REPAIR(FIP_WIDTH),
     fip_width,
     NULL,
     0,
     {{R(6, 0), R(6, 2)}},
     "HVM_PARAM_X87_FIP_WIDTH",
     "rejected by Xen",
     NULL},
    {"R21", LIMITS_HARMS, 0, no_tsc, NULL, 0, ALWAYS,
     "HVM guest without TSC information (saved before 4.0)",
     "takes the host's TSC frequency (wrong speed, derived) on Xen",
     "a host with the TSC frequency of the old one; or restart the guest"},
    {"R23",
     LIMITS_BLOCKS,
     0,
     guest_kind,
     host_guest_kind,
     0,
     {{0, 0}},
     NULL,
     "not supported by this host",
     "another host"},
    {"R24", LIMITS_HARMS, 0, acpi_off, NULL, 0, ALWAYS, "configuration: acpi = 0",
     "QEMU 9.0 and later do not start with it on Xen", "an older QEMU"},
    {"R25",
     LIMITS_BLOCKS,
     0,
     pvh,
     NULL,
     0,
     {{R(9, 0), RELEASE_END}},
     "configuration: pvh = 1 (PVH version 1)",
     "removed from Xen",
     "start the guest from its disk"},
    {"R26", LIMITS_HARMS, 0, nested_in_use, NULL, 0, ALWAYS, "nested virtualization was in use",
     "its state is in no save; guests of the guest crash on Xen", NULL},
    {"R27",
     LIMITS_BLOCKS,
     0,
     stubdom,
     NULL,
     0,
     {{R(16, 0), RELEASE_END}},
     "device model in a stub domain",
     "not built by default with, or removed from Xen",
     "a host with Xen 4.6 to 4.20 built with ioemu-stubdom"},
    {"R28",
     LIMITS_BLOCKS,
     0,
     msrs,
     host_msrs,
     0,
     {{0, 0}},
     NULL,
     "rejected by a host without them",
     "a host whose CPU has them"},
    {"R29", LIMITS_NOTE, 0, no_console, NULL, 0, ALWAYS,
     "HVM guest without a console page (saved before 4.1)", "its PV console does not work on Xen",
     "none needed"},
    {"R33", LIMITS_BLOCKS, REPAIR(VGA_REVISION), vga_revision, NULL, 0, ALWAYS,
     "QEMU state: stdvga of QEMU before 2.2", "rejected by QEMU of Xen", NULL},
    {"R34", LIMITS_BLOCKS, 0, sound, NULL, 0, ALWAYS, NULL, "rejected by QEMU of Xen", NULL},
    {"R35", LIMITS_BLOCKS, REPAIR(KVMVAPIC), kvm_tpr_opt, NULL, 0, ALWAYS,
     "QEMU state of QEMU 1.x: section kvm-tpr-opt", "rejected by QEMU of Xen", NULL},
    {"R36", LIMITS_HARMS, 0, no_platform, NULL, 0, ALWAYS, "QEMU state of xen_platform_pci = 0",
     "restored with VGA, ACPI and other devices reset, without a message, by QEMU of Xen", NULL},
};

const unsigned limits_table_size = sizeof(limits_table) / sizeof(limits_table[0]);
