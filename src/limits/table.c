/*
 * The facts are from Xen's source at the tags of the releases; docs/limits.md names files and
 * commits for each row. "derived": concluded from the source, not observed.
 */
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define R LIMITS_RELEASE

/* The releases that a row affects: AFFECTS(SINCE(first), BETWEEN(first, first that is not), ...).
 */
#define SINCE(from)                                                                                \
    {                                                                                              \
        from, RELEASE_END                                                                          \
    }
#define BETWEEN(from, before)                                                                      \
    {                                                                                              \
        from, before                                                                               \
    }
#define AFFECTS(...)                                                                               \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define ALL_RELEASES    AFFECTS(SINCE(R(6, 0)))
#define DEPENDS_ON_HOST AFFECTS({0, 0})

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

#define UNUSED __attribute__((unused))

/* Begins the definition of a row's in_save(). */
#define IN_SAVE(name)                                                                              \
    static bool name(const struct limits_facts *facts UNUSED,                                      \
                     const struct limits_host *host UNUSED, const struct limit *limit UNUSED,      \
                     struct limits_finding *finding UNUSED)

/* Defines an in_save() that only depends on the facts. */
#define IN_SAVE_IF(name, condition)                                                                \
    IN_SAVE(name)                                                                                  \
    {                                                                                              \
        return condition;                                                                          \
    }

/* Begins the definition of a row's on_host(). */
#define ON_HOST(name)                                                                              \
    static enum limits_known host_##name(const struct limits_facts *facts UNUSED,                  \
                                         const struct limits_host *host UNUSED)

IN_SAVE_IF(pv64, facts->guest == GUEST_PV && facts->guest_width == 8)

IN_SAVE_IF(pv32, facts->guest == GUEST_PV && facts->guest_width == 4)

ON_HOST(pv32)
{
    return host->pv32;
}

static bool is_traditional(const struct limits_facts *facts)
{
    return facts->guest == GUEST_HVM &&
           (facts->qemu.kind == LIMITS_QEMU_TRADITIONAL || facts->config.traditional);
}

IN_SAVE_IF(traditional, is_traditional(facts))

IN_SAVE_IF(traditional_by_default, is_traditional(facts) && !facts->config.has_device_model)

/* For 4.21 and later, another row of the table applies. */
ON_HOST(traditional)
{
    return host->is_local && host->minor >= 21 ? LIMITS_YES : host->qemu_traditional;
}

/* Without a configuration, the viridian setting of the restore is unknown. */
IN_SAVE(viridian_mask)
{
    if (!facts->has_viridian || facts->viridian == 0 || facts->viridian == limit->arg)
        return false;
    if (!facts->config.found)
        finding->severity = LIMITS_HARMS;
    return !facts->config.found ||
           (facts->config.viridian && facts->config.viridian_mask != facts->viridian);
}

IN_SAVE_IF(viridian_missing, facts->has_viridian_state && !facts->has_viridian)

/* With xen_platform_pci = 0 every libxl puts the VGA into slot 2. */
static bool is_without_platform(const struct limits_facts *facts)
{
    return facts->qemu.kind == LIMITS_QEMU_UPSTREAM && facts->qemu.platform_slot < 0 &&
           (facts->qemu.vga_slot != 2 || facts->config.no_platform_pci);
}

IN_SAVE_IF(vga_in_slot_2, facts->qemu.vga_slot == 2 && !is_without_platform(facts))

IN_SAVE_IF(no_ioreq_upstream, facts->has_context && !facts->has_ioreq_server &&
                                  facts->qemu.kind == LIMITS_QEMU_UPSTREAM)

IN_SAVE_IF(no_ioreq_traditional,
           facts->has_context && !facts->has_ioreq_server && is_traditional(facts))

IN_SAVE_IF(long_xsave, facts->long_xsave > facts->long_xsave_used)

IN_SAVE_IF(long_xsave_used, facts->long_xsave_used > 0)

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
        return needs(features(facts), what, host, finding);                                        \
    }                                                                                              \
    ON_HOST(name)                                                                                  \
    {                                                                                              \
        return host_has(features(facts), host);                                                    \
    }

NEEDS_FEATURES(xcr0, xcr0_features, "xsave state")
NEEDS_FEATURES(cr4, cr4_features, "CR4")
NEEDS_FEATURES(msrs, msr_features, "MSRs")

IN_SAVE_IF(lwp, facts->xcr0_accum &XCR0_LWP)

IN_SAVE_IF(lmsle, facts->efer &EFER_LMSLE)

static bool without_nested(const struct limits_facts *facts, struct limits_finding *finding)
{
    if (!facts->config.found)
        finding->severity = LIMITS_HARMS;
    return !facts->config.nested_hvm;
}

IN_SAVE_IF(vmxe, facts->cr4 &CR4_VMXE &&without_nested(facts, finding))

IN_SAVE_IF(svme, facts->efer &EFER_SVME &&without_nested(facts, finding))

IN_SAVE_IF(nested_in_use, facts->cr4 &CR4_VMXE || facts->efer & EFER_SVME)

IN_SAVE(builder)
{
    snprintf(finding->what, sizeof(finding->what), "configuration: builder = \"%s\"",
             facts->config.builder);
    return facts->config.bad_builder;
}

IN_SAVE(bad_line)
{
    snprintf(finding->what, sizeof(finding->what), "configuration: syntax error in line %u",
             facts->config.bad_line);
    return facts->config.bad_line > 0;
}

IN_SAVE_IF(type_differs, facts->config.builder_type && facts->config.type &&
                             facts->config.builder_type != facts->config.type)

IN_SAVE_IF(timer_mode, facts->guest == GUEST_PV && facts->config.timer_mode && !facts->config.json)

IN_SAVE_IF(vcpus_above_max,
           facts->config.max_vcpus > 0 && facts->config.vcpus > facts->config.max_vcpus)

IN_SAVE(memory)
{
    uint64_t populated = facts->populated * (CLS_PAGE_SIZE / 1024);
    uint64_t allowed = facts->config.memory_kib;

    snprintf(finding->what, sizeof(finding->what),
             "configuration: memory = %" PRIu64 ", but the stream populates %" PRIu64 " MiB",
             allowed / 1024, (populated + 1023) / 1024);
    return allowed > 0 && populated > allowed + MAXMEM_SLACK_KIB;
}

IN_SAVE(mcg_caps)
{
    bool by_amd = limits_vendor_of(facts->cpuid_eax) == LIMITS_VENDOR_AMD;

    finding->silent = true;
    return facts->mcg_caps & (MCG_TES_P | MCG_SER_P) && by_amd == (limit->arg != 0);
}

ON_HOST(mcg_caps)
{
    return host->vendor == LIMITS_VENDOR_AMD     ? LIMITS_NO
           : host->vendor == LIMITS_VENDOR_INTEL ? LIMITS_YES
                                                 : LIMITS_UNKNOWN;
}

IN_SAVE_IF(pvrdtscp, facts->has_tsc && facts->tsc_mode == TSC_MODE_PVRDTSCP)

IN_SAVE_IF(pvrdtscp_config, facts->config.pvrdtscp)

IN_SAVE(l1tf)
{
    snprintf(finding->what, sizeof(finding->what),
             "%" PRIu64 " page table entries vulnerable to L1TF", facts->l1tf_entries);
    return facts->guest == GUEST_PV && facts->l1tf_entries > 0;
}

ON_HOST(l1tf)
{
    return host->l1tf == LIMITS_NO ? LIMITS_YES : LIMITS_UNKNOWN;
}

IN_SAVE(vendor)
{
    enum limits_vendor vendor = limits_vendor_of(facts->cpuid_eax);

    snprintf(finding->what, sizeof(finding->what), "HVM guest saved on a CPU of %s",
             vendor == LIMITS_VENDOR_INTEL ? "Intel" : "AMD");
    return facts->guest == GUEST_HVM && vendor != LIMITS_VENDOR_UNKNOWN;
}

ON_HOST(vendor)
{
    if (host->vendor == LIMITS_VENDOR_UNKNOWN)
        return LIMITS_UNKNOWN;
    return host->vendor == limits_vendor_of(facts->cpuid_eax) ? LIMITS_YES : LIMITS_NO;
}

IN_SAVE(emulator)
{
    snprintf(finding->what, sizeof(finding->what), "libvirt's XML: <emulator> %s",
             facts->config.emulator);
    return facts->guest != GUEST_PV && facts->config.emulator[0]; /* libxlMakeDomBuildInfo() */
}

ON_HOST(emulator)
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

    if (c->found && !c->json && max == 0)
        max = 1;
    snprintf(finding->what, sizeof(finding->what),
             "configuration: maxvcpus is %" PRIu64 ", but the stream has vcpu %" PRIu32, max,
             facts->vcpus_needed - 1);
    return max > 0 && facts->vcpus_needed > max;
}

IN_SAVE_IF(fip_width, facts->has_fip_width)

IN_SAVE_IF(no_tsc, facts->guest == GUEST_HVM && facts->complete && !facts->has_tsc)

IN_SAVE(guest_kind)
{
    snprintf(finding->what, sizeof(finding->what), "%s guest",
             facts->guest == GUEST_PV ? "PV" : "HVM");
    finding->silent = true;
    return facts->guest == GUEST_HVM || (facts->guest == GUEST_PV && facts->guest_width != 4);
}

ON_HOST(guest_kind)
{
    return facts->guest == GUEST_PV ? host->pv : host->hvm;
}

/* libxl does not pass it to qemu-traditional (libxl__build_device_model_args_old()). */
IN_SAVE_IF(acpi_off, facts->guest == GUEST_HVM && facts->config.acpi_off && !is_traditional(facts))

IN_SAVE_IF(pvh, facts->config.pvh)

IN_SAVE_IF(stubdom, facts->guest == GUEST_HVM && facts->config.stubdom)

IN_SAVE_IF(no_console, facts->guest == GUEST_HVM && facts->complete && !facts->has_console)

IN_SAVE_IF(vga_revision, facts->qemu.vga_revision_0)

/* Newer libxl always puts the VGA into slot 3. */
IN_SAVE(sound)
{
    const struct limits_qemu_facts *qemu = &facts->qemu;

    snprintf(finding->what, sizeof(finding->what),
             "QEMU state: sound card %s in PCI slot %d, before the VGA in slot %d", qemu->sound,
             qemu->sound_slot, qemu->vga_slot);
    return qemu->sound_slot >= 0 && qemu->vga_slot > qemu->sound_slot;
}

IN_SAVE_IF(kvm_tpr_opt, facts->qemu.kvm_tpr_opt)

IN_SAVE_IF(no_platform, is_without_platform(facts))

#define REPAIR(name) LIMITS_REPAIR_##name

const struct limit limits_table[] = {
    {"R0", LIMITS_HARMS, 0, pv64, NULL, 0, AFFECTS(BETWEEN(R(21, 0), R(21, 2))), "64-bit PV guest",
     "restored with r8 to r15 zero (not tested: it is expected to crash) by Xen",
     "Xen 4.21.2 or later, or 4.20"},
    {"R1", LIMITS_BLOCKS, 0, traditional, NULL, 0, AFFECTS(SINCE(R(21, 0))),
     "device model qemu-traditional", "removed (unknown device model version) from Xen",
     "a host with Xen 4.6 to 4.20 built with qemu-traditional; or start the guest from its disk"},
    {"R1", LIMITS_BLOCKS, 0, traditional_by_default, host_traditional, 0,
     AFFECTS(BETWEEN(R(16, 0), R(21, 0))), "device model qemu-traditional",
     "not built by default with Xen",
     "install qemu-traditional (qemu-dm, --enable-qemu-traditional) and set device_model_version"},
    {"R2", LIMITS_BLOCKS, 0, pv32, host_pv32, 0,
     AFFECTS(BETWEEN(R(14, 3), R(15, 0)), SINCE(R(15, 1))), "32-bit PV guest",
     "not in default builds (CONFIG_PV32) of Xen",
     "a hypervisor built with CONFIG_PV32, booted with pv=32 and without CET"},
    {"R3", LIMITS_BLOCKS, 0, viridian_mask, NULL, HVMPV_4_6, AFFECTS(BETWEEN(R(6, 0), R(7, 0))),
     "viridian = 1 in the configuration and in the stream", "rejected by libxl of Xen", NULL},
    {"R3", LIMITS_BLOCKS, 0, viridian_mask, NULL, HVMPV_4_7, AFFECTS(BETWEEN(R(7, 0), R(9, 0))),
     "viridian = 1 in the configuration and in the stream", "rejected by libxl of Xen", NULL},
    {"R3", LIMITS_BLOCKS, 0, viridian_mask, NULL, HVMPV_4_9, AFFECTS(BETWEEN(R(9, 0), R(15, 0))),
     "viridian = 1 in the configuration and in the stream", "rejected by libxl of Xen", NULL},
    {"R4", LIMITS_HARMS, REPAIR(VIRIDIAN), viridian_missing, NULL, 0, AFFECTS(SINCE(R(15, 0))),
     "viridian state without HVM_PARAM_VIRIDIAN", "the guest loses its enlightenments on Xen",
     NULL},
    {"R5", LIMITS_BLOCKS, 0, vga_in_slot_2, NULL, 0, ALL_RELEASES,
     "QEMU state of libxl 4.2 or 4.3: VGA in PCI slot 2", "rejected by QEMU of Xen", NULL},
    {"R6", LIMITS_HARMS, 0, no_ioreq_upstream, NULL, 0, AFFECTS(BETWEEN(R(6, 0), R(8, 0))),
     "no ioreq server pages (saved before 4.5)", "rejected (not tested) by QEMU of Xen",
     "a newer Xen"},
    {"R6", LIMITS_HARMS, 0, no_ioreq_traditional, NULL, 0,
     AFFECTS(BETWEEN(R(12, 0), R(19, 4)), BETWEEN(R(20, 0), R(20, 2))),
     "no ioreq server pages (saved before 4.5)",
     "rejected (not tested) with qemu-traditional by Xen", "Xen 4.6 to 4.11, 4.19.4 or 4.20.2"},
    {"R7", LIMITS_BLOCKS, REPAIR(XSAVE), long_xsave, NULL, 0, ALL_RELEASES,
     "xsave records longer than the guest's features need", "rejected by Xen", NULL},
    {"R7", LIMITS_BLOCKS, 0, long_xsave_used, NULL, 0, ALL_RELEASES,
     "xsave records longer than the guest's features need, and in use there", "rejected by Xen",
     NULL},
    {"R8", LIMITS_BLOCKS, 0, xcr0, host_xcr0, 0, DEPENDS_ON_HOST, NULL,
     "rejected by a host without them", "a host whose CPU has them"},
    {"R8", LIMITS_BLOCKS, 0, lwp, NULL, 0, AFFECTS(SINCE(R(13, 0))), "xsave state of AMD's LWP",
     "rejected by Xen", "Xen 4.12 or earlier on an AMD CPU with LWP"},
    {"R9", LIMITS_BLOCKS, 0, cr4, host_cr4, 0, DEPENDS_ON_HOST, NULL,
     "rejected by a host without them", "a host whose CPU has them"},
    {"R9", LIMITS_BLOCKS, 0, vmxe, NULL, 0, AFFECTS(SINCE(R(15, 0))),
     "CR4.VMXE set, but no nestedhvm = 1 in the configuration", "rejected by Xen",
     "nestedhvm = 1 in the configuration"},
    {"R9", LIMITS_BLOCKS, 0, svme, NULL, 0, ALL_RELEASES,
     "EFER.SVME set, but no nestedhvm = 1 in the configuration", "rejected by Xen",
     "nestedhvm = 1 in the configuration"},
    {"R9", LIMITS_BLOCKS, 0, lmsle, NULL, 0, AFFECTS(SINCE(R(12, 0))), "EFER.LMSLE set",
     "rejected by Xen", "Xen 4.11 or earlier"},
    {"R10", LIMITS_BLOCKS, 0, bad_line, NULL, 0, AFFECTS(SINCE(R(7, 0))), NULL,
     "rejected by xl of Xen", "xl restore CONFIG FILE, with a corrected line"},
    {"R10", LIMITS_BLOCKS, 0, builder, NULL, 0, AFFECTS(SINCE(R(10, 0))), NULL,
     "rejected by xl of Xen", "xl restore CONFIG FILE, with type = \"pv\" instead"},
    {"R10", LIMITS_BLOCKS, 0, type_differs, NULL, 0, AFFECTS(SINCE(R(10, 0))),
     "configuration: type and builder name different guest types", "rejected by xl of Xen",
     "xl restore CONFIG FILE, without one of them"},
    {"R10", LIMITS_BLOCKS, 0, timer_mode, NULL, 0, AFFECTS(SINCE(R(10, 0))),
     "configuration: timer_mode for a PV guest", "rejected by xl of Xen",
     "xl restore CONFIG FILE, without timer_mode"},
    {"R10", LIMITS_BLOCKS, 0, vcpus_above_max, NULL, 0, ALL_RELEASES,
     "configuration: vcpus above maxvcpus", "rejected by xl of Xen",
     "xl restore CONFIG FILE, with another maxvcpus"},
    {"R11", LIMITS_BLOCKS, 0, memory, NULL, 0, ALL_RELEASES, NULL, "rejected by Xen",
     "xl restore CONFIG FILE, with more memory"},
    {"R12", LIMITS_BLOCKS, REPAIR(MCE_CAPS), mcg_caps, host_mcg_caps, 1, ALL_RELEASES,
     "MCG_CAP with SER_P or TES_P, saved on an AMD CPU", "rejected on AMD CPUs by Xen", NULL},
    {"R12", LIMITS_BLOCKS, REPAIR(MCE_CAPS), mcg_caps, host_mcg_caps, 0, DEPENDS_ON_HOST,
     "MCG_CAP with SER_P or TES_P", "rejected on AMD CPUs", NULL},
    {"R13", LIMITS_BLOCKS, REPAIR(TSC_MODE), pvrdtscp, NULL, 0, AFFECTS(SINCE(R(12, 0))),
     "TSC mode 3 (PVRDTSCP)", "rejected by Xen", NULL},
    {"R13", LIMITS_BLOCKS, 0, pvrdtscp_config, NULL, 0, AFFECTS(SINCE(R(12, 0))),
     "configuration: tsc_mode = \"native_paravirt\"", "rejected by libxl of Xen",
     "xl restore CONFIG FILE, without tsc_mode"},
    {"R14", LIMITS_HARMS, 0, l1tf, host_l1tf, 0,
     AFFECTS(BETWEEN(R(8, 5), R(9, 0)), BETWEEN(R(9, 3), R(10, 0)), BETWEEN(R(10, 2), R(11, 0)),
             SINCE(R(11, 1))),
     NULL,
     "shadowed on affected Intel CPUs (slow), or crashed if built without SHADOW_PAGING, by Xen",
     "boot option pv-l1tf=0, or a hypervisor built with SHADOW_PAGING"},
    {"R15", LIMITS_HARMS, 0, vendor, host_vendor, 0, DEPENDS_ON_HOST, NULL,
     "the guest may crash (not tested) on a CPU of another vendor", "a host of the same vendor"},
    {"R16", LIMITS_BLOCKS, REPAIR(EMULATOR), emulator, host_emulator, 0, DEPENDS_ON_HOST, NULL,
     "rejected by libvirt where there is no such file", NULL},
    {"R18", LIMITS_BLOCKS, 0, max_vcpus, NULL, 0, ALL_RELEASES, NULL, "rejected by Xen",
     "xl restore CONFIG FILE, with a higher maxvcpus"},
    {"R20", LIMITS_BLOCKS, REPAIR(FIP_WIDTH), fip_width, NULL, 0,
     AFFECTS(BETWEEN(R(6, 0), R(6, 2))), "HVM_PARAM_X87_FIP_WIDTH", "rejected by Xen", NULL},
    {"R21", LIMITS_HARMS, 0, no_tsc, NULL, 0, ALL_RELEASES,
     "HVM guest without TSC information (saved before 4.0)",
     "takes the host's TSC frequency (wrong speed, not tested) on Xen",
     "a host with the TSC frequency of the old one; or restart the guest"},
    {"R23", LIMITS_BLOCKS, 0, guest_kind, host_guest_kind, 0, DEPENDS_ON_HOST, NULL,
     "not supported by this host", "another host"},
    {"R24", LIMITS_HARMS, 0, acpi_off, NULL, 0, ALL_RELEASES, "configuration: acpi = 0",
     "QEMU 9.0 and later do not start with it on Xen", "an older QEMU"},
    {"R25", LIMITS_BLOCKS, 0, pvh, NULL, 0, AFFECTS(SINCE(R(9, 0))),
     "configuration: pvh = 1 (PVH version 1)", "removed from Xen", "start the guest from its disk"},
    {"R26", LIMITS_HARMS, 0, nested_in_use, NULL, 0, ALL_RELEASES,
     "nested virtualization was in use",
     "its state is in no save; guests of the guest crash on Xen", NULL},
    {"R27", LIMITS_BLOCKS, 0, stubdom, NULL, 0, AFFECTS(SINCE(R(16, 0))),
     "device model in a stub domain", "not built by default with, or removed from Xen",
     "a host with Xen 4.6 to 4.20 built with ioemu-stubdom"},
    {"R28", LIMITS_BLOCKS, 0, msrs, host_msrs, 0, DEPENDS_ON_HOST, NULL,
     "rejected by a host without them", "a host whose CPU has them"},
    {"R29", LIMITS_NOTE, 0, no_console, NULL, 0, ALL_RELEASES,
     "HVM guest without a console page (saved before 4.1)", "its PV console does not work on Xen",
     "none needed"},
    {"R33", LIMITS_BLOCKS, REPAIR(VGA_REVISION), vga_revision, NULL, 0, ALL_RELEASES,
     "QEMU state: stdvga of QEMU before 2.2", "rejected by QEMU of Xen", NULL},
    {"R34", LIMITS_BLOCKS, 0, sound, NULL, 0, ALL_RELEASES, NULL, "rejected by QEMU of Xen", NULL},
    {"R35", LIMITS_BLOCKS, REPAIR(KVMVAPIC), kvm_tpr_opt, NULL, 0, ALL_RELEASES,
     "QEMU state of QEMU 1.x: section kvm-tpr-opt", "rejected by QEMU of Xen", NULL},
    {"R36", LIMITS_HARMS, 0, no_platform, NULL, 0, ALL_RELEASES,
     "QEMU state of xen_platform_pci = 0",
     "restored with VGA, ACPI and other devices reset, without a message, by QEMU of Xen", NULL},
};

const unsigned limits_table_size = sizeof(limits_table) / sizeof(limits_table[0]);
