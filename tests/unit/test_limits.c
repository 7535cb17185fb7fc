/*
 * The table of limits. For each row: a save that it applies to, a similar one that it does not
 * apply to, and releases on both sides of each boundary. The numbers are from Xen's tags, not from
 * the table. tests/limits_mutations.py checks that a wrong number in the table fails here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/facts.h"
#include "limits/limits.h"
#include "support.h"

typedef void set_facts(struct limits_facts *f);

/* Defines a set_facts(): what distinguishes a save from hvm(). */
#define FACTS(name, ...)                                                                           \
    static void name(struct limits_facts *f)                                                       \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }

static struct limits_facts hvm(void)
{
    struct limits_facts f;

    limits_facts_init(&f);
    f.guest = GUEST_HVM;
    f.complete = f.has_tsc = f.has_console = f.has_ioreq_server = f.has_context = true;
    f.vcpus_needed = 1;
    return f;
}

FACTS(is_pv64, f->guest = GUEST_PV; f->guest_width = 8)
FACTS(is_pv32, f->guest = GUEST_PV; f->guest_width = 4)
FACTS(is_hvm, (void)f)
FACTS(trad_record, f->qemu.kind = LIMITS_QEMU_TRADITIONAL)
FACTS(trad_config, f->config.found = f->config.traditional = true)
FACTS(trad_override, trad_config(f); f->config.has_device_model = true)
FACTS(upstream, f->qemu.kind = LIMITS_QEMU_UPSTREAM; f->qemu.platform_slot = 2;
      f->qemu.vga_slot = 3)
FACTS(viridian_1, f->has_viridian = f->has_viridian_state = true; f->viridian = 1;
      f->config.found = f->config.viridian = true)
FACTS(viridian_5, viridian_1(f); f->viridian = 5)
FACTS(viridian_of_4_7, viridian_1(f); f->viridian = 0x25)
FACTS(viridian_of_4_9, viridian_1(f); f->viridian = 0x65)
FACTS(viridian_not_in_config, viridian_1(f); f->config.viridian = false)
FACTS(viridian_without_config, viridian_1(f); f->config.found = false)
FACTS(viridian_state_only, f->has_viridian_state = true)
FACTS(vga_slot_2, upstream(f); f->qemu.vga_slot = 2; f->qemu.platform_slot = 3)
FACTS(no_ioreq_upstream, upstream(f); f->has_ioreq_server = false)
FACTS(no_ioreq_traditional, trad_override(f); f->has_ioreq_server = false)
FACTS(long_xsave, is_pv32(f); f->long_xsave = 1)
FACTS(long_xsave_used, long_xsave(f); f->long_xsave_used = 1)
FACTS(lwp, f->xcr0_accum = UINT64_C(1) << 62)
FACTS(no_lwp, f->xcr0_accum = UINT64_C(1) << 61)
FACTS(vmxe, f->config.found = true; f->cr4 = 1 << 13)
FACTS(vmxe_nested, vmxe(f); f->config.nested_hvm = true)
FACTS(svme, f->config.found = true; f->efer = 1 << 12)
FACTS(lmsle, f->efer = 1 << 13)
FACTS(ffxse, f->efer = 1 << 14)

static void text_config(struct limits_facts *f, const char *text)
{
    config_facts(f, text, strlen(text), false);
}

FACTS(builder_linux, is_pv32(f); text_config(f, "builder = \"linux\"\n"))
FACTS(builder_generic, is_pv32(f); text_config(f, "builder = 'generic'\n"))
FACTS(type_differs, text_config(f, "type = 'pv'\nbuilder = 'hvm'"))
FACTS(type_agrees, text_config(f, "type = 'hvm'\nbuilder = 'hvm'"))
FACTS(pv_timer_mode, is_pv32(f); text_config(f, "timer_mode=1\n"))
FACTS(hvm_timer_mode, text_config(f, "timer_mode=1\n"))
FACTS(vcpus_above_max, text_config(f, "vcpus=3\nmaxvcpus=2"))
FACTS(vcpus_as_max, text_config(f, "vcpus=2\nmaxvcpus=2"))
FACTS(memory_too_small, text_config(f, "memory = 64"); f->populated = 65 * 256 + 1)
FACTS(memory_fits, memory_too_small(f); f->populated = 65 * 256)
FACTS(mcg_amd, f->cpuid_eax = 0x00100f42; /* family 0x10 */ f->mcg_caps = 0x1000802)
FACTS(mcg_amd_banks_only, mcg_amd(f); f->mcg_caps = 2 | 0x100)
FACTS(tsc_mode_3, f->tsc_mode = 3)
FACTS(tsc_mode_2, f->tsc_mode = 2)
FACTS(config_tsc_mode_3, text_config(f, "tsc_mode = \"native_paravirt\""))
FACTS(config_tsc_mode_2, text_config(f, "tsc_mode = \"native\""))
FACTS(l1tf, is_pv32(f); f->l1tf_entries = 1)
FACTS(two_vcpus_of_one, text_config(f, "vcpus = 1"); f->vcpus_needed = 2)
FACTS(two_vcpus_of_two, text_config(f, "vcpus = 1\nmaxvcpus = 2"); f->vcpus_needed = 2)
FACTS(fip_width, f->has_fip_width = true)
FACTS(no_tsc, f->has_tsc = false)
FACTS(pv_no_tsc, is_pv32(f); f->has_tsc = false)
FACTS(acpi_0, text_config(f, "acpi = 0"))
FACTS(acpi_1, text_config(f, "acpi = 1"))
FACTS(trad_acpi_0, trad_record(f); text_config(f, "acpi = 0"))
FACTS(bad_escape, text_config(f, "x = '\\.'"))
FACTS(good_escape, text_config(f, "x = '\\n'"))
FACTS(pvh_1, text_config(f, "pvh = 1"))
FACTS(pvh_0, text_config(f, "pvh = 0"))
FACTS(stubdom_1, text_config(f, "device_model_stubdomain_override = 1"))
FACTS(stubdom_0, text_config(f, "device_model_stubdomain_override = 0"))
FACTS(no_console, f->has_console = false)
FACTS(stdvga_0, upstream(f); f->qemu.stdvga = f->qemu.vga_revision_0 = true)
FACTS(stdvga_2, stdvga_0(f); f->qemu.vga_revision_0 = false)
FACTS(sound_before_vga, upstream(f); f->qemu.vga_slot = 4; f->qemu.sound_slot = 3)
FACTS(sound_after_vga, sound_before_vga(f); f->qemu.vga_slot = 3; f->qemu.sound_slot = 4)
FACTS(kvm_tpr_opt, upstream(f); f->qemu.kvm_tpr_opt = true)
FACTS(no_platform, upstream(f); f->qemu.platform_slot = -1)
FACTS(vga_slot_2_only, no_platform(f); f->qemu.vga_slot = 2)
FACTS(no_platform_by_config, vga_slot_2_only(f); text_config(f, "xen_platform_pci = 0"))

#define EVERY "4.6.0 4.17.7 4.22.0"

static const struct row_test {
    const char *id;
    set_facts *has, *has_not;
    enum limits_severity severity;
    unsigned repair;
    const char *with, *without; /* releases */
} rows[] = {
    {"R0", is_pv64, is_pv32, LIMITS_HARMS, 0, "4.21.0 4.21.1", "4.6.0 4.20.4 4.21.2 4.22.0"},
    {"R1", trad_record, upstream, LIMITS_BLOCKS, 0, "4.16.0 4.20.4 4.21.0 4.22.0", "4.6.0 4.15.5"},
    {"R1", trad_config, is_hvm, LIMITS_BLOCKS, 0, "4.16.0 4.20.9 4.21.0", "4.15.9"},
    {"R1", trad_override, is_hvm, LIMITS_BLOCKS, 0, "4.21.0 4.22.0", "4.6.0 4.16.0 4.20.9"},
    {"R2", is_pv32, is_pv64, LIMITS_BLOCKS, 0, "4.14.3 4.14.6 4.15.1 4.15.5 4.16.0 4.22.0",
     "4.6.0 4.13.5 4.14.0 4.14.2 4.15.0"},
    {"R3", viridian_1, viridian_not_in_config, LIMITS_BLOCKS, 0, "4.6.0 4.6.6 4.7.0 4.14.6",
     "4.15.0 4.22.0"},
    {"R3", viridian_5, viridian_not_in_config, LIMITS_BLOCKS, 0, "4.7.0 4.8.5 4.9.0 4.14.6",
     "4.6.0 4.6.6 4.15.0"},
    {"R3", viridian_of_4_7, viridian_not_in_config, LIMITS_BLOCKS, 0, "4.6.6 4.9.0 4.14.6",
     "4.7.0 4.8.5 4.15.0"},
    {"R3", viridian_of_4_9, viridian_not_in_config, LIMITS_BLOCKS, 0, "4.6.6 4.7.0 4.8.5",
     "4.9.0 4.14.6 4.15.0"},
    {"R3", viridian_without_config, viridian_not_in_config, LIMITS_HARMS, 0, "4.14.6", "4.15.0"},
    {"R4", viridian_state_only, viridian_1, LIMITS_HARMS, LIMITS_REPAIR_VIRIDIAN, "4.15.0 4.22.0",
     "4.6.0 4.14.6"},
    {"R5", vga_slot_2, upstream, LIMITS_BLOCKS, 0, EVERY, ""},
    {"R5", vga_slot_2_only, no_platform_by_config, LIMITS_BLOCKS, 0, EVERY, ""},
    {"R6", no_ioreq_upstream, upstream, LIMITS_HARMS, 0, "4.6.0 4.7.6", "4.8.0 4.22.0"},
    {"R6", no_ioreq_traditional, trad_override, LIMITS_HARMS, 0,
     "4.12.0 4.18.6 4.19.0 4.19.3 4.20.0 4.20.1", "4.6.0 4.11.4 4.19.4 4.19.9 4.20.2 4.22.0"},
    {"R7", long_xsave, is_pv32, LIMITS_BLOCKS, LIMITS_REPAIR_XSAVE, EVERY, ""},
    {"R7", long_xsave_used, is_pv32, LIMITS_BLOCKS, 0, EVERY, ""},
    {"R8", lwp, no_lwp, LIMITS_BLOCKS, 0, "4.13.0 4.22.0", "4.6.0 4.12.4"},
    {"R9", vmxe, vmxe_nested, LIMITS_BLOCKS, 0, "4.15.0 4.22.0", "4.6.0 4.14.6"},
    {"R9", svme, vmxe_nested, LIMITS_BLOCKS, 0, EVERY, ""},
    {"R9", lmsle, ffxse, LIMITS_BLOCKS, 0, "4.12.0 4.22.0", "4.6.0 4.11.4"},
    {"R10", bad_escape, good_escape, LIMITS_BLOCKS, 0, "4.7.0 4.22.0", "4.6.0 4.6.6"},
    {"R10", builder_linux, builder_generic, LIMITS_BLOCKS, 0, "4.10.0 4.22.0", "4.6.0 4.9.4"},
    {"R10", type_differs, type_agrees, LIMITS_BLOCKS, 0, "4.10.0 4.22.0", "4.6.0 4.9.4"},
    {"R10", pv_timer_mode, hvm_timer_mode, LIMITS_BLOCKS, 0, "4.10.0 4.22.0", "4.6.0 4.9.4"},
    {"R10", vcpus_above_max, vcpus_as_max, LIMITS_BLOCKS, 0, EVERY, ""},
    {"R11", memory_too_small, memory_fits, LIMITS_BLOCKS, 0, EVERY, ""},
    {"R12", mcg_amd, mcg_amd_banks_only, LIMITS_BLOCKS, LIMITS_REPAIR_MCE_CAPS, EVERY, ""},
    {"R13", tsc_mode_3, tsc_mode_2, LIMITS_BLOCKS, LIMITS_REPAIR_TSC_MODE, "4.12.0 4.22.0",
     "4.6.0 4.11.4"},
    {"R13", config_tsc_mode_3, config_tsc_mode_2, LIMITS_BLOCKS, 0, "4.12.0 4.22.0",
     "4.6.0 4.11.4"},
    {"R14", l1tf, is_pv32, LIMITS_HARMS, 0,
     "4.8.5 4.8.9 4.9.3 4.9.4 4.10.2 4.10.4 4.11.1 4.11.4 4.12.0 4.22.0",
     "4.6.0 4.8.4 4.9.0 4.9.2 4.10.0 4.10.1 4.11.0"},
    {"R18", two_vcpus_of_one, two_vcpus_of_two, LIMITS_BLOCKS, 0, EVERY, ""},
    {"R20", fip_width, is_hvm, LIMITS_BLOCKS, LIMITS_REPAIR_FIP_WIDTH, "4.6.0 4.6.1",
     "4.6.2 4.6.3 4.7.0 4.22.0"},
    {"R21", no_tsc, pv_no_tsc, LIMITS_HARMS, 0, EVERY, ""},
    {"R24", acpi_0, acpi_1, LIMITS_HARMS, 0, EVERY, ""},
    {"R24", acpi_0, trad_acpi_0, LIMITS_HARMS, 0, EVERY, ""},
    {"R25", pvh_1, pvh_0, LIMITS_BLOCKS, 0, "4.9.0 4.22.0", "4.6.0 4.8.5"},
    {"R26", vmxe_nested, ffxse, LIMITS_HARMS, 0, EVERY, ""},
    {"R26", svme, lmsle, LIMITS_HARMS, 0, EVERY, ""},
    {"R27", stubdom_1, stubdom_0, LIMITS_BLOCKS, 0, "4.16.0 4.22.0", "4.6.0 4.15.5"},
    {"R29", no_console, is_pv32, LIMITS_NOTE, 0, EVERY, ""},
    {"R33", stdvga_0, stdvga_2, LIMITS_BLOCKS, LIMITS_REPAIR_VGA_REVISION, EVERY, ""},
    {"R34", sound_before_vga, sound_after_vga, LIMITS_BLOCKS, 0, EVERY, ""},
    {"R35", kvm_tpr_opt, upstream, LIMITS_BLOCKS, LIMITS_REPAIR_KVMVAPIC, EVERY, ""},
    {"R36", no_platform, vga_slot_2, LIMITS_HARMS, 0, EVERY, ""},
    {"R36", no_platform_by_config, vga_slot_2_only, LIMITS_HARMS, 0, EVERY, ""},
};

static const struct limits_finding *find(const struct limits_findings *findings, const char *id)
{
    for (unsigned i = 0; i < findings->count; i++)
        if (strcmp(findings->list[i].id, id) == 0)
            return &findings->list[i];
    return NULL;
}

/* The finding with this id that is not unchecked; there must be at most one. */
static const struct limits_finding *find_checked(const struct limits_findings *findings,
                                                 const char *id)
{
    const struct limits_finding *found = NULL;

    for (unsigned i = 0; i < findings->count; i++) {
        if (strcmp(findings->list[i].id, id) != 0 || findings->list[i].severity == LIMITS_UNCHECKED)
            continue;
        CHECK_THAT(!found, "%s twice", id);
        found = &findings->list[i];
    }
    return found;
}

static void check_release(const struct row_test *row, const char *release, bool with)
{
    struct limits_findings *findings = malloc(sizeof(*findings));
    struct limits_facts facts = hvm();
    const struct limits_finding *f;
    struct limits_host host;

    CHECK_THAT(limits_host_parse(release, &host), "%s", release);
    row->has(&facts);
    limits_find(&facts, &host, findings);
    f = find_checked(findings, row->id);
    CHECK_THAT((f != NULL) == with, "%s on %s", row->id, release);
    if (f && with) {
        CHECK_THAT(f->severity == row->severity && f->repair == row->repair && !f->some_points,
                   "%s on %s: severity %d, repair %u", row->id, release, (int)f->severity,
                   f->repair);
        CHECK_THAT(*f->what && *f->where, "%s: %s; %s", row->id, f->what, f->where);
        CHECK_THAT(findings->verdict == LIMITS_RESTORE_NO || f->severity != LIMITS_BLOCKS, "%s",
                   row->id);
        CHECK_THAT(findings->verdict != LIMITS_RESTORE_YES || f->severity < LIMITS_HARMS, "%s",
                   row->id);
    }
    facts = hvm();
    row->has_not(&facts);
    limits_find(&facts, &host, findings);
    f = find_checked(findings, row->id);
    CHECK_THAT(!f || f->severity != row->severity, "%s on %s, which the save has not", row->id,
               release);
    free(findings);
}

static void check_releases(const struct row_test *row, const char *releases, bool with)
{
    char text[256], *save = NULL;

    snprintf(text, sizeof(text), "%s", releases);
    for (char *r = strtok_r(text, " ", &save); r; r = strtok_r(NULL, " ", &save))
        check_release(row, r, with);
}

static void every_row(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_releases(&rows[i], rows[i].with, true);
        check_releases(&rows[i], rows[i].without, false);
    }
}

/* Checks a row that depends on the host. */
static void check_host(const char *id, set_facts *has, const struct limits_host *host,
                       enum limits_severity severity)
{
    struct limits_findings *findings = malloc(sizeof(*findings));
    struct limits_facts facts = hvm();
    const struct limits_finding *f;

    has(&facts);
    limits_find(&facts, host, findings);
    f = find(findings, id);
    CHECK_THAT((f ? (int)f->severity : -1) == (int)severity, "%s: severity %d, not %d: %s", id,
               f ? (int)f->severity : -1, (int)severity, f ? f->what : "");
    free(findings);
}

#define NO_FINDING ((enum limits_severity) - 1)

FACTS(xcr0_avx, f->xcr0_accum = 7)
FACTS(xcr0_mpx, f->xcr0_accum = 0x1b)
FACTS(xcr0_avx512, f->xcr0_accum = 0xe7)
FACTS(cr4_smep, f->cr4 = 1 << 20)
FACTS(cr4_smap, f->cr4 = 1 << 21)
FACTS(cr4_pcide, f->cr4 = 1 << 17)
FACTS(cr4_fsgsbase, f->cr4 = 1 << 16)
FACTS(cr4_osxsave, f->cr4 = 1 << 18)
FACTS(bndcfgs, f->has_bndcfgs = true)
FACTS(dr_masks, f->has_dr_masks = true)

static void features_of_the_cpu(void)
{
    static const struct {
        const char *id;
        set_facts *has;
        enum limits_cpu feature;
    } needed[] = {
        {"R8", xcr0_avx, LIMITS_CPU_AVX},      {"R8", xcr0_avx, LIMITS_CPU_XSAVE},
        {"R8", xcr0_mpx, LIMITS_CPU_MPX},      {"R8", xcr0_avx512, LIMITS_CPU_AVX512},
        {"R9", cr4_smep, LIMITS_CPU_SMEP},     {"R9", cr4_smap, LIMITS_CPU_SMAP},
        {"R9", cr4_pcide, LIMITS_CPU_PCID},    {"R9", cr4_fsgsbase, LIMITS_CPU_FSGSBASE},
        {"R9", cr4_osxsave, LIMITS_CPU_XSAVE}, {"R28", bndcfgs, LIMITS_CPU_MPX},
        {"R28", dr_masks, LIMITS_CPU_DBEXT},
    };

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        struct limits_host host = {.given = true, .is_local = true, .minor = 17, .point = 7};

        for (int j = 0; j < LIMITS_CPU_COUNT; j++)
            host.cpu[j] = LIMITS_YES;
        check_host(needed[i].id, needed[i].has, &host, NO_FINDING);
        host.cpu[needed[i].feature] = LIMITS_UNKNOWN;
        check_host(needed[i].id, needed[i].has, &host, LIMITS_UNCHECKED);
        host.cpu[needed[i].feature] = LIMITS_NO;
        check_host(needed[i].id, needed[i].has, &host, LIMITS_BLOCKS);
        check_host(needed[i].id, is_hvm, &host, NO_FINDING);
    }
}

FACTS(saved_on_intel, f->cpuid_eax = 0x000206a7) /* family 6 */
FACTS(saved_on_amd, f->cpuid_eax = 0x00800f12)
FACTS(mcg_intel, saved_on_intel(f); f->mcg_caps = 0x1000802)
FACTS(pv_emulator, is_pv64(f); strcpy(f->config.emulator, "/old"))
FACTS(emulator, strcpy(f->config.emulator, "/usr/lib/xen-4.4/bin/qemu-system-i386"))

static void rows_that_depend_on_the_host(void)
{
    struct limits_host host = {.given = true, .is_local = true, .minor = 17, .point = 7};

    check_host("R15", saved_on_intel, &host, LIMITS_UNCHECKED);
    check_host("R12", mcg_intel, &host, NO_FINDING);
    check_host("R12", mcg_amd, &host, LIMITS_BLOCKS);
    host.vendor = LIMITS_VENDOR_INTEL;
    check_host("R15", saved_on_intel, &host, NO_FINDING);
    check_host("R15", saved_on_amd, &host, LIMITS_HARMS);
    check_host("R15", is_pv64, &host, NO_FINDING);
    check_host("R12", mcg_amd, &host, NO_FINDING);
    host.vendor = LIMITS_VENDOR_AMD;
    check_host("R12", mcg_intel, &host, LIMITS_BLOCKS);
    check_host("R12", mcg_amd, &host, LIMITS_BLOCKS);
    check_host("R12", mcg_amd_banks_only, &host, NO_FINDING);

    check_host("R16", emulator, &host, LIMITS_UNCHECKED);
    host.emulators_complete = true;
    check_host("R16", emulator, &host, LIMITS_BLOCKS);
    check_host("R16", pv_emulator, &host, NO_FINDING); /* libvirt ignores it */
    check_host("R16", is_hvm, &host, NO_FINDING);
    strcpy(host.emulators[0], "/usr/lib/xen-4.4/bin/qemu-system-i386");
    host.emulators_count = 1;
    check_host("R16", emulator, &host, NO_FINDING);

    check_host("R23", is_hvm, &host, NO_FINDING);
    host.hvm = LIMITS_NO;
    check_host("R23", is_hvm, &host, LIMITS_BLOCKS);
    check_host("R23", is_pv64, &host, NO_FINDING);
    host.pv = LIMITS_NO;
    check_host("R23", is_pv64, &host, LIMITS_BLOCKS);
}

/* Properties of the host override its release. */
static void hosts_override_releases(void)
{
    struct limits_host host = {.given = true, .is_local = true, .minor = 17, .point = 7};

    check_host("R2", is_pv32, &host, LIMITS_BLOCKS);
    host.pv32 = LIMITS_YES;
    check_host("R2", is_pv32, &host, NO_FINDING);
    host.minor = 13;
    host.pv32 = LIMITS_NO;
    check_host("R2", is_pv32, &host, LIMITS_BLOCKS);
    check_host("R1", trad_record, &host, NO_FINDING);
    host.qemu_traditional = LIMITS_NO;
    check_host("R1", trad_record, &host, LIMITS_BLOCKS);
    host.minor = 20;
    host.qemu_traditional = LIMITS_YES;
    check_host("R1", trad_record, &host, NO_FINDING);
    host.minor = 21;
    check_host("R1", trad_record, &host, LIMITS_BLOCKS);
    check_host("R14", l1tf, &host, LIMITS_HARMS);
    host.l1tf = LIMITS_YES;
    check_host("R14", l1tf, &host, LIMITS_HARMS);
    host.l1tf = LIMITS_NO;
    check_host("R14", l1tf, &host, NO_FINDING);
}

static enum limits_verdict verdict(set_facts *has, const char *release)
{
    struct limits_findings *findings = malloc(sizeof(*findings));
    struct limits_facts facts = hvm();
    struct limits_host host = {0};
    enum limits_verdict v;

    if (*release)
        CHECK(limits_host_parse(release, &host));
    has(&facts);
    limits_find(&facts, &host, findings);
    v = findings->verdict;
    free(findings);
    return v;
}

static void verdicts(void)
{
    CHECK_INT(verdict(is_hvm, ""), LIMITS_RESTORE_YES);
    CHECK_INT(verdict(is_hvm, "4.22"), LIMITS_RESTORE_YES);
    /* every release since 4.17, or not */
    CHECK_INT(verdict(tsc_mode_3, ""), LIMITS_RESTORE_NO);
    CHECK_INT(verdict(is_pv32, ""), LIMITS_RESTORE_NO);
    CHECK_INT(verdict(is_pv64, ""), LIMITS_RESTORE_ATTENTION);
    CHECK_INT(verdict(trad_record, ""), LIMITS_RESTORE_ATTENTION);
    CHECK_INT(verdict(fip_width, ""), LIMITS_RESTORE_ATTENTION);
    /* some point releases */
    CHECK_INT(verdict(is_pv32, "4.14"), LIMITS_RESTORE_ATTENTION);
    CHECK_INT(verdict(is_pv32, "4.13"), LIMITS_RESTORE_YES);
    CHECK_INT(verdict(fip_width, "4.6"), LIMITS_RESTORE_ATTENTION);
    CHECK_INT(verdict(no_console, "4.17"), LIMITS_RESTORE_YES);
}

static void check_spans(set_facts *has, const char *wanted)
{
    struct limits_span spans[LIMITS_SPANS_MAX];
    struct limits_facts facts = hvm();
    char found[1024] = "";
    unsigned count;

    has(&facts);
    count = limits_spans(&facts, spans);
    for (unsigned i = 0; i < count; i++) {
        size_t used = strlen(found);
        char text[64];

        limits_span_text(&spans[i], text, sizeof(text));
        snprintf(found + used, sizeof(found) - used, "%s: %s\n", text,
                 limits_verdict_text(spans[i].verdict));
    }
    CHECK_TEXT(found, wanted);
}

static void spans_of_releases(void)
{
    check_spans(is_hvm, "4.6 and later: yes\n");
    check_spans(tsc_mode_3, "4.11 and earlier: yes\n4.12 and later: no\n");
    check_spans(is_pv64, "4.20 and earlier: yes\n4.21.0 to 4.21.1: needs attention\n"
                         "4.21.2 and later: yes\n");
    check_spans(is_pv32, "4.6 to 4.14.2: yes\n4.14.3 and later 4.14: no\n4.15.0: yes\n"
                         "4.15.1 and later: no\n");
}

static void check_where(set_facts *has, const char *id, const char *where)
{
    struct limits_findings *findings = malloc(sizeof(*findings));
    struct limits_host host = {0};
    struct limits_facts facts = hvm();

    has(&facts);
    limits_find(&facts, &host, findings);
    CHECK_CONTAINS(find(findings, id) ? find(findings, id)->where : "", where);
    free(findings);
}

static void builder_in_the_finding(void)
{
    static const char *const builders[][2] = {
        {"linux", "linux"},
        {"x", "x"},
        {"a23456789012345678901234567890", "a23456789012345678901234567890"},
        {"a234567890123456789012345678901", "a234567890123456789012345678901"},
        {"a2345678901234567890123456789012", "a234567890123456789012345678901"}, /* truncated */
    };

    for (size_t i = 0; i < sizeof(builders) / sizeof(builders[0]); i++) {
        const struct limits_host host = {0};
        struct limits_findings findings;
        struct limits_facts f;
        char text[100];

        limits_facts_init(&f);
        is_pv32(&f);
        snprintf(text, sizeof(text), "builder = \"%s\"\n", builders[i][0]);
        text_config(&f, text);
        limits_find(&f, &host, &findings);
        snprintf(text, sizeof(text), "configuration: builder = \"%s\"", builders[i][1]);
        CHECK_TEXT(find(&findings, "R10")->what, text);
    }
}

static void releases_in_words(void)
{
    check_where(tsc_mode_3, "R13", " 4.12 and later");
    check_where(is_pv64, "R0", " 4.21.0 to 4.21.1");
    check_where(l1tf, "R14",
                " 4.8.5 and later 4.8, 4.9.3 and later 4.9, 4.10.2 and later 4.10, "
                "4.11.1 and later");
    check_where(is_pv32, "R2", " 4.14.3 and later 4.14, 4.15.1 and later");
    check_where(no_ioreq_traditional, "R6", " 4.12 to 4.19.3, 4.20.0 to 4.20.1");
    check_where(viridian_1, "R3", " 4.6, 4.7 to 4.8, 4.9 to 4.14");
    check_where(trad_config, "R1", " 4.21 and later");
    check_where(viridian_1, "R3", " 4.6");
}

static void check_lines(set_facts *has, const char *id, const char *wanted)
{
    struct limits_config_lines lines;
    struct limits_facts facts = hvm();
    char text[640];

    has(&facts);
    CHECK(limits_config_lines(&facts, id, &lines));
    limits_config_lines_text(&lines, text, sizeof(text));
    CHECK_TEXT(text, wanted);
}

FACTS(es1370, sound_before_vga(f); strcpy(f->qemu.sound, "es1370"))
FACTS(nics, vga_slot_2(f); f->qemu.nic_count = 2; f->qemu.nic_slots[0] = 4;
      f->qemu.nic_slots[1] = 5; text_config(f, "vif=['model=e1000','type=vif']\nvif+=['']"))
FACTS(nics_of_others, nics(f); text_config(f, "vif=['']"))
FACTS(hda, sound_before_vga(f); strcpy(f->qemu.sound, "intel-hda"))
FACTS(stdvga_slot_2, vga_slot_2(f); f->qemu.stdvga = f->qemu.vga_revision_0 = true)

/* The expected lines were tested on real hosts (docs/real-xen.md). */
static void lines_of_a_configuration(void)
{
    struct limits_config_lines lines;
    struct limits_facts facts = hvm();

    check_lines(viridian_1, "R3", "viridian = 0");
    check_lines(vga_slot_2, "R5",
                "vga = \"none\"; videoram = 8; xen_platform_pci = 0; device_model_args_hvm = [ "
                "\"-machine\", \"pc-i440fx-3.1\", \"-device\", \"cirrus-vga,vgamem_mb=8,addr=02\", "
                "\"-device\", \"xen-platform,addr=03\" ]");
    check_lines(stdvga_slot_2, "R5",
                "vga = \"none\"; videoram = 16; xen_platform_pci = 0; device_model_args_hvm = [ "
                "\"-machine\", \"pc-i440fx-3.1\", \"-device\", "
                "\"VGA,vgamem_mb=16,addr=02,qemu-extended-regs=off\", "
                "\"-device\", \"xen-platform,addr=03\" ]");
    check_lines(stdvga_0, "R33",
                "device_model_args_hvm = [ \"-global\", \"VGA.qemu-extended-regs=off\" ]");
    check_lines(es1370, "R34",
                "vga = \"none\"; videoram = 8; no soundhw; device_model_args_hvm = [ \"-device\", "
                "\"ES1370,addr=03\", \"-device\", \"cirrus-vga,vgamem_mb=8,addr=04\" ]");
    check_lines(nics, "R5",
                "vga = \"none\"; videoram = 8; xen_platform_pci = 0; device_model_args_hvm = [ "
                "\"-machine\", \"pc-i440fx-3.1\", \"-device\", \"cirrus-vga,vgamem_mb=8,addr=02\", "
                "\"-device\", \"xen-platform,addr=03\", \"-set\", \"device.nic0.addr=04\", "
                "\"-set\", \"device.nic2.addr=05\" ]");
    check_lines(nics_of_others, "R5",
                "vga = \"none\"; videoram = 8; xen_platform_pci = 0; device_model_args_hvm = [ "
                "\"-machine\", \"pc-i440fx-3.1\", \"-device\", \"cirrus-vga,vgamem_mb=8,addr=02\", "
                "\"-device\", \"xen-platform,addr=03\" ]");
    check_lines(hda, "R34",
                "vga = \"none\"; videoram = 8; no soundhw; device_model_args_hvm = [ \"-device\", "
                "\"intel-hda,addr=03\", \"-device\", \"hda-duplex\", \"-device\", "
                "\"cirrus-vga,vgamem_mb=8,addr=04\" ]");
    check_lines(no_platform, "R36", "device_model_args_hvm = [ \"-machine\", \"pc-i440fx-3.1\" ]");
    CHECK(!limits_config_lines(&facts, "R13", &lines));
}

/* Cut at the size of the buffers; the sanitizers look at what lies behind these. */
static void long_lines_of_a_configuration(void)
{
    static const char *const forms[][2] = {
        {"", " = 1"}, {"builder = \"", "\""}, {"builder = ", ""}};
    char word[600], text[700];

    memset(word, 'a', sizeof(word));
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        for (int n = 1; n < (int)sizeof(word); n++) {
            struct limits_facts f;

            limits_facts_init(&f);
            snprintf(text, sizeof(text), "%s%.*s%s\nvcpus = 3\n", forms[i][0], n, word,
                     forms[i][1]);
            text_config(&f, text);
            CHECK_INT(f.config.vcpus, 3);
        }
}

static void names_of_repairs(void)
{
    CHECK_INT(limits_repair_parse("tsc-mode", 8), LIMITS_REPAIR_TSC_MODE);
    CHECK_INT(limits_repair_parse("tsc-mode,xsave", 8), LIMITS_REPAIR_TSC_MODE);
    CHECK_INT(limits_repair_parse("R7", 2), LIMITS_REPAIR_XSAVE);
    CHECK_INT(limits_repair_parse("r35", 3), LIMITS_REPAIR_KVMVAPIC);
    CHECK_INT(limits_repair_parse("R1", 2), 0);
    CHECK_INT(limits_repair_parse("", 0), 0);
    CHECK_INT(limits_repair_parse("tsc", 3), 0);
    CHECK_TEXT(limits_repair_name(LIMITS_REPAIR_VGA_REVISION), "vga-revision");
}

static unsigned repairs_for(const char *release)
{
    struct limits_host host = {0};

    if (*release)
        CHECK(limits_host_parse(release, &host));
    return limits_repairs_for(&host);
}

static void repairs_that_a_xen_needs(void)
{
    CHECK_INT(repairs_for(""), LIMITS_REPAIR_ALL);
    CHECK(!(repairs_for("4.17") & LIMITS_REPAIR_FIP_WIDTH));
    CHECK(repairs_for("4.6") & LIMITS_REPAIR_FIP_WIDTH);
    CHECK(!(repairs_for("4.11") & LIMITS_REPAIR_TSC_MODE));
    CHECK(repairs_for("4.12") & LIMITS_REPAIR_TSC_MODE);
    CHECK(!(repairs_for("4.14") & LIMITS_REPAIR_VIRIDIAN));
    CHECK(repairs_for("4.15") & LIMITS_REPAIR_VIRIDIAN);
}

CU_TestInfo limits_tests[] = {
    {"builder in the finding", builder_in_the_finding},
    {"every row", every_row},
    {"features of the CPU", features_of_the_cpu},
    {"rows that depend on the host", rows_that_depend_on_the_host},
    {"hosts override releases", hosts_override_releases},
    {"verdicts", verdicts},
    {"spans of releases", spans_of_releases},
    {"releases in words", releases_in_words},
    {"lines of a configuration", lines_of_a_configuration},
    {"long lines of a configuration", long_lines_of_a_configuration},
    {"names of repairs", names_of_repairs},
    {"repairs that a Xen needs", repairs_that_a_xen_needs},
    CU_TEST_INFO_NULL,
};
