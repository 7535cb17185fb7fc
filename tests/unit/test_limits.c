/*
 * The limits: a save that has what a row is about, one that just hasn't, and releases on both sides
 * of each boundary. The numbers come from Xen's tags, not from the table. tests/limits_mutations.py
 * changes each number of the table and wants a failure here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "limits/repair.h"
#include "support.h"

typedef void set_facts(struct limits_facts *f);

static struct limits_facts hvm(void)
{
    struct limits_facts f;

    limits_facts_init(&f);
    f.guest = GUEST_HVM;
    f.complete = f.has_tsc = f.has_console = f.has_ioreq_server = f.has_context = true;
    f.vcpus_needed = 1;
    return f;
}

static void is_pv64(struct limits_facts *f)
{
    f->guest = GUEST_PV;
    f->guest_width = 8;
}

static void is_pv32(struct limits_facts *f)
{
    f->guest = GUEST_PV;
    f->guest_width = 4;
}

static void is_hvm(struct limits_facts *f)
{
    (void)f;
}

static void trad_record(struct limits_facts *f)
{
    f->qemu.kind = LIMITS_QEMU_TRADITIONAL;
}

static void trad_config(struct limits_facts *f)
{
    f->config.found = f->config.traditional = true;
}

static void trad_override(struct limits_facts *f)
{
    trad_config(f);
    f->config.has_device_model = true;
}

static void upstream(struct limits_facts *f)
{
    f->qemu.kind = LIMITS_QEMU_UPSTREAM;
    f->qemu.platform_slot = 2;
    f->qemu.vga_slot = 3;
}

static void viridian_1(struct limits_facts *f)
{
    f->has_viridian = f->has_viridian_state = true;
    f->viridian = 1;
    f->config.found = f->config.viridian = true;
}

static void viridian_5(struct limits_facts *f)
{
    viridian_1(f);
    f->viridian = 5;
}

static void viridian_of_4_7(struct limits_facts *f)
{
    viridian_1(f);
    f->viridian = 0x25;
}

static void viridian_of_4_9(struct limits_facts *f)
{
    viridian_1(f);
    f->viridian = 0x65;
}

static void viridian_not_in_config(struct limits_facts *f)
{
    viridian_1(f);
    f->config.viridian = false;
}

static void viridian_without_config(struct limits_facts *f)
{
    viridian_1(f);
    f->config.found = false;
}

static void viridian_state_only(struct limits_facts *f)
{
    f->has_viridian_state = true;
}

static void vga_slot_2(struct limits_facts *f)
{
    upstream(f);
    f->qemu.vga_slot = 2;
    f->qemu.platform_slot = 3;
}

static void no_ioreq_upstream(struct limits_facts *f)
{
    upstream(f);
    f->has_ioreq_server = false;
}

static void no_ioreq_traditional(struct limits_facts *f)
{
    trad_override(f);
    f->has_ioreq_server = false;
}

static void long_xsave(struct limits_facts *f)
{
    is_pv32(f);
    f->long_xsave = 1;
}

static void long_xsave_used(struct limits_facts *f)
{
    long_xsave(f);
    f->long_xsave_used = 1;
}

static void lwp(struct limits_facts *f)
{
    f->xcr0_accum = UINT64_C(1) << 62;
}

static void no_lwp(struct limits_facts *f)
{
    f->xcr0_accum = UINT64_C(1) << 61;
}

static void vmxe(struct limits_facts *f)
{
    f->config.found = true;
    f->cr4 = 1 << 13;
}

static void vmxe_nested(struct limits_facts *f)
{
    vmxe(f);
    f->config.nested_hvm = true;
}

static void svme(struct limits_facts *f)
{
    f->config.found = true;
    f->efer = 1 << 12;
}

static void lmsle(struct limits_facts *f)
{
    f->efer = 1 << 13;
}

static void ffxse(struct limits_facts *f)
{
    f->efer = 1 << 14;
}

static void text_config(struct limits_facts *f, const char *text)
{
    limits_facts_config(f, text, strlen(text), false);
}

static void builder_linux(struct limits_facts *f)
{
    is_pv32(f);
    text_config(f, "builder = \"linux\"\n");
}

static void builder_generic(struct limits_facts *f)
{
    is_pv32(f);
    text_config(f, "builder = 'generic'\n");
}

static void pv_timer_mode(struct limits_facts *f)
{
    is_pv32(f);
    text_config(f, "timer_mode=1\n");
}

static void hvm_timer_mode(struct limits_facts *f)
{
    text_config(f, "timer_mode=1\n");
}

static void vcpus_above_max(struct limits_facts *f)
{
    text_config(f, "vcpus=3\nmaxvcpus=2");
}

static void vcpus_as_max(struct limits_facts *f)
{
    text_config(f, "vcpus=2\nmaxvcpus=2");
}

static void memory_too_small(struct limits_facts *f)
{
    text_config(f, "memory = 64");
    f->populated = 65 * 256 + 1;
}

static void memory_fits(struct limits_facts *f)
{
    memory_too_small(f);
    f->populated = 65 * 256;
}

static void mcg_amd(struct limits_facts *f)
{
    f->cpuid_eax = 0x00100f42; /* family 0x10 */
    f->mcg_caps = 0x1000802;
}

static void mcg_amd_banks_only(struct limits_facts *f)
{
    mcg_amd(f);
    f->mcg_caps = 2 | 0x100;
}

static void tsc_mode_3(struct limits_facts *f)
{
    f->tsc_mode = 3;
}

static void tsc_mode_2(struct limits_facts *f)
{
    f->tsc_mode = 2;
}

static void config_tsc_mode_3(struct limits_facts *f)
{
    text_config(f, "tsc_mode = \"native_paravirt\"");
}

static void config_tsc_mode_2(struct limits_facts *f)
{
    text_config(f, "tsc_mode = \"native\"");
}

static void l1tf(struct limits_facts *f)
{
    is_pv32(f);
    f->l1tf_entries = 1;
}

static void two_vcpus_of_one(struct limits_facts *f)
{
    text_config(f, "vcpus = 1");
    f->vcpus_needed = 2;
}

static void two_vcpus_of_two(struct limits_facts *f)
{
    text_config(f, "vcpus = 1\nmaxvcpus = 2");
    f->vcpus_needed = 2;
}

static void fip_width(struct limits_facts *f)
{
    f->has_fip_width = true;
}

static void no_tsc(struct limits_facts *f)
{
    f->has_tsc = false;
}

static void pv_no_tsc(struct limits_facts *f)
{
    is_pv32(f);
    f->has_tsc = false;
}

static void acpi_0(struct limits_facts *f)
{
    text_config(f, "acpi = 0");
}

static void acpi_1(struct limits_facts *f)
{
    text_config(f, "acpi = 1");
}

static void pvh_1(struct limits_facts *f)
{
    text_config(f, "pvh = 1");
}

static void pvh_0(struct limits_facts *f)
{
    text_config(f, "pvh = 0");
}

static void stubdom_1(struct limits_facts *f)
{
    text_config(f, "device_model_stubdomain_override = 1");
}

static void stubdom_0(struct limits_facts *f)
{
    text_config(f, "device_model_stubdomain_override = 0");
}

static void no_console(struct limits_facts *f)
{
    f->has_console = false;
}

static void stdvga_0(struct limits_facts *f)
{
    upstream(f);
    f->qemu.stdvga = f->qemu.vga_revision_0 = true;
}

static void stdvga_2(struct limits_facts *f)
{
    stdvga_0(f);
    f->qemu.vga_revision_0 = false;
}

static void sound_before_vga(struct limits_facts *f)
{
    upstream(f);
    f->qemu.vga_slot = 4;
    f->qemu.sound_slot = 3;
}

static void sound_behind_vga(struct limits_facts *f)
{
    sound_before_vga(f);
    f->qemu.vga_slot = 3;
    f->qemu.sound_slot = 4;
}

static void kvm_tpr_opt(struct limits_facts *f)
{
    upstream(f);
    f->qemu.kvm_tpr_opt = true;
}

static void no_platform(struct limits_facts *f)
{
    upstream(f);
    f->qemu.platform_slot = -1;
}

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
    {"R6", no_ioreq_upstream, upstream, LIMITS_HARMS, 0, "4.6.0 4.7.6", "4.8.0 4.22.0"},
    {"R6", no_ioreq_traditional, trad_override, LIMITS_HARMS, 0,
     "4.12.0 4.18.6 4.19.0 4.19.3 4.20.0 4.20.1", "4.6.0 4.11.4 4.19.4 4.19.9 4.20.2 4.22.0"},
    {"R7", long_xsave, is_pv32, LIMITS_BLOCKS, LIMITS_REPAIR_XSAVE, EVERY, ""},
    {"R7", long_xsave_used, is_pv32, LIMITS_BLOCKS, 0, EVERY, ""},
    {"R8", lwp, no_lwp, LIMITS_BLOCKS, 0, "4.13.0 4.22.0", "4.6.0 4.12.4"},
    {"R9", vmxe, vmxe_nested, LIMITS_BLOCKS, 0, "4.15.0 4.22.0", "4.6.0 4.14.6"},
    {"R9", svme, vmxe_nested, LIMITS_BLOCKS, 0, EVERY, ""},
    {"R9", lmsle, ffxse, LIMITS_BLOCKS, 0, "4.12.0 4.22.0", "4.6.0 4.11.4"},
    {"R10", builder_linux, builder_generic, LIMITS_BLOCKS, 0, "4.10.0 4.22.0", "4.6.0 4.9.4"},
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
    {"R25", pvh_1, pvh_0, LIMITS_BLOCKS, 0, "4.9.0 4.22.0", "4.6.0 4.8.5"},
    {"R26", vmxe_nested, ffxse, LIMITS_HARMS, 0, EVERY, ""},
    {"R26", svme, lmsle, LIMITS_HARMS, 0, EVERY, ""},
    {"R27", stubdom_1, stubdom_0, LIMITS_BLOCKS, 0, "4.16.0 4.22.0", "4.6.0 4.15.5"},
    {"R29", no_console, is_pv32, LIMITS_NOTE, 0, EVERY, ""},
    {"R33", stdvga_0, stdvga_2, LIMITS_BLOCKS, LIMITS_REPAIR_VGA_REVISION, EVERY, ""},
    {"R34", sound_before_vga, sound_behind_vga, LIMITS_BLOCKS, 0, EVERY, ""},
    {"R35", kvm_tpr_opt, upstream, LIMITS_BLOCKS, LIMITS_REPAIR_KVMVAPIC, EVERY, ""},
    {"R36", no_platform, vga_slot_2, LIMITS_HARMS, 0, EVERY, ""},
};

static const struct limits_finding *find(const struct limits_findings *findings, const char *id)
{
    for (unsigned i = 0; i < findings->count; i++)
        if (strcmp(findings->list[i].id, id) == 0)
            return &findings->list[i];
    return NULL;
}

/* What the releases decide: once. */
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

/* Rows that only a host can tell: with each answer. */
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

static void xcr0_avx(struct limits_facts *f)
{
    f->xcr0_accum = 7;
}

static void xcr0_mpx(struct limits_facts *f)
{
    f->xcr0_accum = 0x1b;
}

static void xcr0_avx512(struct limits_facts *f)
{
    f->xcr0_accum = 0xe7;
}

static void cr4_smep(struct limits_facts *f)
{
    f->cr4 = 1 << 20;
}

static void cr4_smap(struct limits_facts *f)
{
    f->cr4 = 1 << 21;
}

static void cr4_pcide(struct limits_facts *f)
{
    f->cr4 = 1 << 17;
}

static void cr4_fsgsbase(struct limits_facts *f)
{
    f->cr4 = 1 << 16;
}

static void cr4_osxsave(struct limits_facts *f)
{
    f->cr4 = 1 << 18;
}

static void bndcfgs(struct limits_facts *f)
{
    f->has_bndcfgs = true;
}

static void dr_masks(struct limits_facts *f)
{
    f->has_dr_masks = true;
}

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

static void saved_on_intel(struct limits_facts *f)
{
    f->cpuid_eax = 0x000206a7; /* family 6 */
}

static void saved_on_amd(struct limits_facts *f)
{
    f->cpuid_eax = 0x00800f12;
}

static void mcg_intel(struct limits_facts *f)
{
    saved_on_intel(f);
    f->mcg_caps = 0x1000802;
}

static void emulator(struct limits_facts *f)
{
    strcpy(f->config.emulator, "/usr/lib/xen-4.4/bin/qemu-system-i386");
}

static void what_only_hosts_tell(void)
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

/* What a host says counts more than its release. */
static void hosts_overrule_releases(void)
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

static void releases_by_name(void)
{
    static const char *const bad[] = {"",    "4",        "4.",    "4.5",     "4.23",  "4.17.",
                                      "5.6", "4.17.x",   "4.-17", "4.17.1.", "4.17 ", " 4.17",
                                      "hos", "4.17.100", "3.4",   "4.17.1.1"};
    struct limits_host host;
    char text[64];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_THAT(!limits_host_parse(bad[i], &host), "%s", bad[i]);
    CHECK(limits_host_parse("4.6", &host) && host.minor == 6 && host.point == LIMITS_POINT_ANY);
    CHECK(limits_host_parse("4.22.0", &host) && host.minor == 22 && host.point == 0);
    CHECK(limits_host_parse("4.14.3", &host) && host.minor == 14 && host.point == 3);
    limits_host_text(&host, text, sizeof(text));
    CHECK_TEXT(text, "Xen 4.14.3");
    host.is_local = true;
    limits_host_text(&host, text, sizeof(text));
    CHECK_TEXT(text, "this host (Xen 4.14.3)");
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

static void releases_in_words(void)
{
    check_where(tsc_mode_3, "R13", " 4.12 and later");
    check_where(is_pv64, "R0", " 4.21.0 to 4.21.1");
    check_where(is_pv32, "R2", " 4.14.3 and later 4.14, 4.15.1 and later");
    check_where(no_ioreq_traditional, "R6", " 4.12 to 4.19.3, 4.20.0 to 4.20.1");
    check_where(trad_config, "R1", " 4.21 and later");
    check_where(viridian_1, "R3", " 4.6");
}

static void check_lines(set_facts *has, const char *id, const char *wanted)
{
    struct limits_config_lines lines;
    struct limits_facts facts = hvm();
    char text[300];

    has(&facts);
    CHECK(limits_config_lines(&facts, id, &lines));
    limits_config_lines_text(&lines, text, sizeof(text));
    CHECK_TEXT(text, wanted);
}

static void es1370(struct limits_facts *f)
{
    sound_before_vga(f);
    strcpy(f->qemu.sound, "es1370");
}

static void stdvga_slot_2(struct limits_facts *f)
{
    vga_slot_2(f);
    f->qemu.stdvga = f->qemu.vga_revision_0 = true;
}

/* As they were seen to work: the dossier, not this program. */
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
    check_lines(no_platform, "R36", "device_model_args_hvm = [ \"-machine\", \"pc-i440fx-3.1\" ]");
    CHECK(!limits_config_lines(&facts, "R13", &lines));
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

/* A record of a HVM context. */
static void put_record(struct bytes *b, uint16_t type, uint16_t instance, const struct bytes *body)
{
    uint8_t head[8];

    put_le16(head, type);
    put_le16(head + 2, instance);
    put_le32(head + 4, (uint32_t)body->len);
    put_raw(b, head, sizeof(head));
    put_bytes(b, body);
}

static struct bytes filled(size_t n, size_t at, uint64_t value)
{
    struct bytes b = {0};
    uint8_t v[8];

    put_le64(v, value);
    put_fill(&b, 0, at);
    put_raw(&b, v, sizeof(v));
    put_fill(&b, 0, n - at - sizeof(v));
    return b;
}

static void put_filled(struct bytes *b, uint16_t type, uint16_t instance, size_t n, size_t at,
                       uint64_t value)
{
    struct bytes body = filled(n, at, value);

    put_record(b, type, instance, &body);
    bytes_free(&body);
}

/* Offsets as in public/arch-x86/hvm/save.h of Xen 4.5, measured by compiling it. */
static struct bytes context(void)
{
    struct bytes b = {0};

    put_filled(&b, 1, 0, 24, 16, 0x00800f12 | UINT64_C(2000000) << 32);
    put_filled(&b, 2, 0, 1024, 680, 1 << 18);
    put_filled(&b, 2, 1, 1016, 992, 1 << 12);
    put_filled(&b, 15, 0, 24, 0, 0);
    put_filled(&b, 16, 0, 24 + 832, 16, 7);
    put_filled(&b, 18, 0, 24, 0, 0x1000802);
    put_filled(&b, 18, 1, 8, 0, 0x1000802);
    put_filled(&b, 20, 2, 24, 8, 0xc0011019);
    return b;
}

static struct image_item context_item(const struct bytes *b)
{
    return (struct image_item){.kind = IMAGE_HVM_CONTEXT, .data = {.len = b->len, .bytes = b->p}};
}

static void facts_of_a_context(void)
{
    struct bytes b = context();
    struct image_item item = context_item(&b);
    struct limits_facts f;

    limits_facts_init(&f);
    ((uint8_t *)b.p)[b.len - 24] = 1; /* one MSR */
    limits_facts_item(&f, &item);
    CHECK_INT(f.cpu_records, 2);
    CHECK_INT(f.vcpus_needed, 3);
    CHECK_INT(f.cpuid_eax, 0x00800f12);
    CHECK_INT(limits_vendor_of(f.cpuid_eax), LIMITS_VENDOR_AMD);
    CHECK_INT(f.cr4, 1 << 18);
    CHECK_INT(f.efer, 1 << 12);
    CHECK_INT(f.xcr0_accum, 7);
    CHECK_INT(f.mcg_caps, 0x1000802);
    CHECK(f.has_viridian_state && f.has_dr_masks && !f.has_bndcfgs);
    /* cut anywhere: no more than what is there */
    for (size_t n = 0; n < b.len; n++) {
        uint8_t *copy = malloc(n ? n : 1);
        struct image_item cut = {.kind = IMAGE_HVM_CONTEXT, .data = {.len = n, .bytes = copy}};

        memcpy(copy, b.p, n);
        limits_facts_init(&f);
        limits_facts_item(&f, &cut);
        CHECK(f.vcpus_needed <= 3);
        free(copy);
    }
    bytes_free(&b);
}

/* Repairs an item, with nothing else given before. */
static void repair_one(struct repair *r, struct limits_hold *hold, unsigned wanted,
                       struct image_item *item, struct image_item *before, bool *has_before)
{
    struct repair_request request = {.named = wanted};
    struct limits_host host = {0};
    struct cls_error err;

    repair_init(r, &request, &host);
    CHECK(repair_item(r, hold, item, before, has_before, &err));
}

static void repairs_of_a_context(void)
{
    struct bytes b = context(), wanted = context();
    struct image_item item = context_item(&b), before;
    struct limits_hold hold = {0};
    struct repair r;
    bool has_before;
    size_t at = 0;

    repair_one(&r, &hold, LIMITS_REPAIR_VIRIDIAN | LIMITS_REPAIR_MCE_CAPS, &item, &before,
               &has_before);
    CHECK(has_before && before.kind == IMAGE_HVM_PARAMS && before.hvm_params.count == 1);
    CHECK(before.hvm_params.params[0].index == 9 && before.hvm_params.params[0].value == 1);
    CHECK_INT(repair_made(&r), LIMITS_REPAIR_VIRIDIAN | LIMITS_REPAIR_MCE_CAPS);
    /* the records of type 18, by hand: bits 11 and 24 of the first eight bytes */
    at = 8 + 24 + 8 + 1024 + 8 + 1016 + 8 + 24 + 8 + 24 + 832;
    for (int i = 0; i < 2; i++) {
        CHECK_INT(wanted.p[at], 18);
        put_le64(wanted.p + at + 8, 2);
        at += 8 + 24;
    }
    CHECK_BYTES(item.data.bytes, item.data.len, &wanted);
    /* not wanted */
    item = context_item(&b);
    repair_one(&r, &hold,
               LIMITS_REPAIR_ALL & ~(unsigned)(LIMITS_REPAIR_VIRIDIAN | LIMITS_REPAIR_MCE_CAPS),
               &item, &before, &has_before);
    CHECK(!has_before && repair_made(&r) == 0 && item.data.bytes == b.p);
    limits_hold_free(&hold);
    bytes_free(&wanted);
    bytes_free(&b);
}

static void mce_caps_as_needed(void)
{
    struct limits_host unknown = {0}, intel = {.given = true, .vendor = LIMITS_VENDOR_INTEL};
    struct repair_request request = {.all = true};
    struct bytes b = context(); /* saved on AMD */
    struct limits_hold hold = {0};
    struct image_item item = context_item(&b), before;
    struct cls_error err;
    struct repair r;
    bool has_before;

    repair_init(&r, &request, &unknown);
    CHECK(repair_item(&r, &hold, &item, &before, &has_before, &err));
    CHECK(repair_made(&r) & LIMITS_REPAIR_MCE_CAPS);
    put_le32(b.p + 8 + 16, 0x000206a7); /* saved on Intel */
    item = context_item(&b);
    repair_init(&r, &request, &unknown);
    CHECK(repair_item(&r, &hold, &item, &before, &has_before, &err));
    CHECK(!(repair_made(&r) & LIMITS_REPAIR_MCE_CAPS));
    intel.minor = 17;
    put_le32(b.p + 8 + 16, 0x00800f12);
    item = context_item(&b);
    repair_init(&r, &request, &intel);
    CHECK(repair_item(&r, &hold, &item, &before, &has_before, &err));
    CHECK(!(repair_made(&r) & LIMITS_REPAIR_MCE_CAPS));
    limits_hold_free(&hold);
    bytes_free(&b);
}

static void repairs_of_small_items(void)
{
    struct image_hvm_param params[] = {{12, 1}, {36, 8}, {9, 1}};
    struct image_item before, item = {.kind = IMAGE_TSC_INFO, .tsc_info = {.mode = 3, .khz = 5}};
    struct limits_hold hold = {0};
    struct repair r;
    bool has_before;

    repair_one(&r, &hold, LIMITS_REPAIR_TSC_MODE, &item, &before, &has_before);
    CHECK(item.tsc_info.mode == 1 && item.tsc_info.khz == 5 && !has_before);
    for (uint32_t mode = 0; mode < 6; mode++) {
        item.tsc_info.mode = mode;
        repair_one(&r, &hold, mode == 3 ? LIMITS_REPAIR_XSAVE : LIMITS_REPAIR_ALL, &item, &before,
                   &has_before);
        CHECK_INT(item.tsc_info.mode, mode);
        CHECK_INT(repair_made(&r), 0);
    }
    item = (struct image_item){.kind = IMAGE_HVM_PARAMS, .hvm_params = {3, params}};
    repair_one(&r, &hold, LIMITS_REPAIR_FIP_WIDTH, &item, &before, &has_before);
    CHECK_INT(item.hvm_params.count, 2);
    CHECK(item.hvm_params.params[0].index == 12 && item.hvm_params.params[1].index == 9);
    CHECK(r.has_viridian);
    item = (struct image_item){.kind = IMAGE_HVM_PARAMS, .hvm_params = {1, params}};
    repair_one(&r, &hold, LIMITS_REPAIR_ALL, &item, &before, &has_before);
    CHECK(item.hvm_params.params == params && repair_made(&r) == 0);
}

/* wanted: length that is left; the record is a host's of 976 bytes. */
static void check_xsave(uint64_t accum, uint64_t xstate_bv, uint64_t wanted, unsigned used)
{
    struct bytes b = filled(976, 8, accum);
    struct image_item before, item = {.kind = IMAGE_VCPU_XSAVE};
    struct limits_hold hold = {0};
    struct limits_facts f;
    struct repair r;
    bool has_before;

    put_le64(b.p + 16 + 512, xstate_bv);
    item.vcpu.data = (struct image_data){.len = b.len, .bytes = b.p};
    limits_facts_init(&f);
    limits_facts_item(&f, &item);
    CHECK_INT(f.long_xsave, wanted != 976 || used);
    CHECK_INT(f.long_xsave_used, used);
    repair_one(&r, &hold, LIMITS_REPAIR_XSAVE, &item, &before, &has_before);
    CHECK_INT(item.vcpu.data.len, wanted);
    CHECK_INT(repair_made(&r), wanted != 976 ? LIMITS_REPAIR_XSAVE : 0);
    bytes_free(&b);
}

/*
 * 976 bytes of a host with LWP. Sizes as xstate_ctxt_size() of newer hypervisors has them: 576 with
 * x87 and SSE, 832 with AVX, nothing for a guest that never enabled anything.
 */
static void xsave_records_of_the_hosts_size(void)
{
    check_xsave(3, 3, 592, 0);
    check_xsave(7, 7, 848, 0);
    check_xsave(7, 3, 848, 0);
    check_xsave(0, 3, 16, 0); /* that is in the vcpu's context, too */
    /* what would be cut is in use */
    check_xsave(3, 7, 976, 1);
    check_xsave(0, 4, 976, 1);
    /* whose size isn't known */
    check_xsave(UINT64_C(1) << 62 | 7, 7, 976, 0);
}

static void mcg_caps_of_pv_vcpus(void)
{
    struct bytes b = filled(128, 32, 0x1000802), wanted;
    struct image_item before, item = {.kind = IMAGE_VCPU_EXTENDED};
    struct limits_hold hold = {0};
    struct limits_facts f;
    struct repair r;
    bool has_before;

    for (uint32_t size = 39; size <= 40; size++) {
        put_le32(b.p + 4, size);
        item.vcpu.data = (struct image_data){.len = b.len, .bytes = b.p};
        limits_facts_init(&f);
        limits_facts_item(&f, &item);
        CHECK_INT(f.mcg_caps, size == 40 ? 0x1000802 : 0);
        repair_one(&r, &hold, LIMITS_REPAIR_MCE_CAPS, &item, &before, &has_before);
        CHECK_INT(repair_made(&r), size == 40 ? LIMITS_REPAIR_MCE_CAPS : 0);
    }
    wanted = filled(128, 32, 2);
    put_le32(wanted.p + 4, 40);
    CHECK_BYTES(item.vcpu.data.bytes, item.vcpu.data.len, &wanted);
    limits_hold_free(&hold);
    bytes_free(&wanted);
    bytes_free(&b);
}

/* type FULL, id, name, instance, version; then size bytes of body. */
static void put_section(struct bytes *b, uint8_t id, const char *name, size_t size)
{
    uint8_t head[] = {4, 0, 0, 0, id, (uint8_t)strlen(name)}, tail[] = {0, 0, 0, 0, 0, 0, 0, 2};

    put_raw(b, head, sizeof(head));
    put_text(b, name);
    put_raw(b, tail, sizeof(tail));
    put_fill(b, 0, size);
}

static struct bytes qemu_record(bool tpr, const char *vga)
{
    struct bytes b = {0};

    put_hex(&b, "51 45 56 4d 00 00 00 03");
    put_section(&b, 1, "cpu", 40);
    if (tpr)
        put_section(&b, 2, "kvm-tpr-opt", 144);
    put_section(&b, 2 + tpr, "apic", 20);
    put_section(&b, 3 + tpr, "0000:00:01.3/piix4_pm", 20);
    put_section(&b, 4 + tpr, "0000:00:02.0/platform", 20);
    put_section(&b, 5 + tpr, vga, 0);
    put_hex(&b, "00 00 00 02 34 12 11 11 03 00 00 00 00 00 00 03");
    put_fill(&b, 0, 100);
    return b;
}

static struct image_item emulator_item(const struct bytes *b, const char *lead, size_t lead_len)
{
    struct image_item item = {.kind = IMAGE_EMULATOR};

    item.emulator.lead = (const uint8_t *)lead;
    item.emulator.lead_len = lead_len;
    item.emulator.data = (struct image_data){.len = b->len, .bytes = b->p};
    return item;
}

static void facts_of_qemu_records(void)
{
    struct bytes b = qemu_record(true, "0000:00:03.0/vga"), t = {0};
    struct limits_qemu_facts f = {.vga_slot = -1, .platform_slot = -1, .sound_slot = -1};

    qemu_facts(&f, b.p, b.len);
    CHECK_INT(f.kind, LIMITS_QEMU_UPSTREAM);
    CHECK(f.kvm_tpr_opt && f.vga_revision_0 && f.stdvga);
    CHECK_INT(f.vga_slot, 3);
    CHECK_INT(f.platform_slot, 2);
    CHECK_INT(f.sound_slot, -1);
    for (size_t n = 0; n < b.len; n++) {
        uint8_t *copy = malloc(n ? n : 1);

        memcpy(copy, b.p, n);
        qemu_facts(&f, copy, n);
        free(copy);
    }
    put_section(&t, 1, "piix4acpi", 10);
    qemu_facts(&f, t.p, t.len);
    CHECK_INT(f.kind, LIMITS_QEMU_TRADITIONAL);
    t.len = 0;
    put_section(&t, 1, "piix5acpi", 10);
    put_section(&t, 2, "0000:00:1f.0/ac97", 10);
    put_section(&t, 2, "0000:00:12.0/cirrus_vga", 10);
    qemu_facts(&f, t.p, t.len);
    CHECK_INT(f.kind, LIMITS_QEMU_UNKNOWN);
    CHECK_INT(f.sound_slot, 31);
    CHECK_INT(f.vga_slot, 18);
    CHECK(strcmp(f.sound, "ac97") == 0 && !f.kvm_tpr_opt);
    bytes_free(&t);
    bytes_free(&b);
}

static void repairs_of_qemu_records(void)
{
    static const char lead[] = "DeviceModelRecord0002\xff\xff\xff\xff",
                      xapi[] = "QemuDeviceModelRecord\n\xff\xff\xff\xff";
    struct bytes b = qemu_record(true, "0000:00:03.0/vga"),
                 wanted = qemu_record(false, "0000:00:03.0/vga");
    struct image_item before, item = emulator_item(&b, lead, sizeof(lead) - 1);
    struct limits_hold hold = {0};
    struct repair r;
    bool has_before;
    size_t n = 0;

    /* the ids of the sections behind stay as they were */
    for (size_t i = 8 + 14 + 3 + 40; i + 5 < wanted.len; i++)
        if (wanted.p[i] == 4 && get_be32(wanted.p + i + 1) < 6 && wanted.p[i + 5] >= 4 && ++n)
            wanted.p[i + 4]++;
    CHECK_INT(n, 4);
    repair_one(&r, &hold, LIMITS_REPAIR_KVMVAPIC, &item, &before, &has_before);
    CHECK_INT(item.emulator.data.len, b.len - 169);
    CHECK_BYTES(item.emulator.data.bytes, item.emulator.data.len, &wanted);
    CHECK_INT(get_le32(item.emulator.lead + 21), b.len - 169);
    CHECK_INT(repair_made(&r), LIMITS_REPAIR_KVMVAPIC);
    /* and the VGA's revision, in XAPI's form of the record */
    item = emulator_item(&b, xapi, sizeof(xapi) - 1);
    repair_one(&r, &hold, LIMITS_REPAIR_ALL, &item, &before, &has_before);
    wanted.p[wanted.len - 100 - 4] = 2;
    CHECK_BYTES(item.emulator.data.bytes, item.emulator.data.len, &wanted);
    CHECK_INT(get_be32(item.emulator.lead + 22), b.len - 169);
    /* a body that is not all zero, or another section behind: nothing is cut */
    b.p[8 + 17 + 40 + 25 + 143] = 1;
    item = emulator_item(&b, lead, sizeof(lead) - 1);
    repair_one(&r, &hold, LIMITS_REPAIR_KVMVAPIC, &item, &before, &has_before);
    CHECK(item.emulator.data.bytes == b.p && repair_made(&r) == 0);
    b.p[8 + 17 + 40 + 25 + 143] = 0;
    b.p[8 + 17 + 40 + 25 + 144 + 4] = 9;
    repair_one(&r, &hold, LIMITS_REPAIR_KVMVAPIC, &item, &before, &has_before);
    CHECK(item.emulator.data.bytes == b.p && repair_made(&r) == 0);
    limits_hold_free(&hold);
    bytes_free(&wanted);
    bytes_free(&b);
}

static void check_held(const struct bytes *content, uint64_t len, bool ok, uint64_t some)
{
    struct image_item item = {.kind = IMAGE_HVM_CONTEXT};
    struct limits_hold hold = {0};
    struct cls_error err = {0};
    struct cls_input in;
    int fd = memfd_of(content->p, content->len);

    cls_input_init(&in, fd, "held", 0, NULL);
    item.data = (struct image_data){.len = len, .from = &in};
    CHECK_INT(limits_hold(&hold, &item, &err), ok);
    if (ok && item.data.bytes)
        CHECK_BYTES(item.data.bytes, item.data.len, content);
    CHECK(ok || (err.status == CLS_BAD_INPUT && err.about_input));
    CHECK(hold.held.capacity <= content->len * 2 + 2 * CLS_BULK_SIZE);
    CHECK(cls_input_seek(&in, 0, &err));
    item.data = (struct image_data){.len = len, .from = &in};
    CHECK(limits_hold_available(&hold, &item, &err));
    CHECK_INT(item.data.len, some);
    limits_hold_free(&hold);
    cls_input_release(&in);
    close(fd);
}

static void data_is_held(void)
{
    struct bytes b = {0};

    check_held(&b, 0, true, 0);
    check_held(&b, 1, false, 0);
    put_pattern(&b, 700000);
    check_held(&b, 700000, true, 700000);
    check_held(&b, 700001, false, 700000);
    check_held(&b, LIMITS_HELD_MAX, false, 700000);
    check_held(&b, LIMITS_HELD_MAX + 1, true, LIMITS_HELD_MAX + 1); /* left where it is */
    bytes_free(&b);
}

static struct limits_config_facts config_of(const char *text, bool json)
{
    struct limits_facts f;

    limits_facts_init(&f);
    limits_facts_config(&f, text, strlen(text), json);
    return f.config;
}

static void configurations(void)
{
    struct limits_config_facts c;

    c = config_of("# viridian = 1\nviridian=0\nmemory = 512 # MiB\nvcpus= 4\nmaxvcpus=8\n"
                  "builder='hvm'\nnestedhvm=1\nxen_platform_pci=0\ntsc_mode=\"native_paravirt\"\n"
                  "device_model_version = \"qemu-xen-traditional\"\n",
                  false);
    CHECK(c.found && !c.json && !c.viridian && !c.bad_builder && c.nested_hvm);
    CHECK(c.no_platform_pci && c.pvrdtscp && c.traditional && !c.has_device_model);
    CHECK_INT(c.memory_kib, 512 * 1024);
    CHECK_INT(c.vcpus, 4);
    CHECK_INT(c.max_vcpus, 8);
    CHECK(config_of("viridian = [ 'all' ]", false).viridian);
    CHECK(config_of("viridian=1", false).viridian);
    CHECK(!config_of("xviridian=1\nviridian\n=1", false).viridian);
    CHECK(config_of("device_model_override = '/a'", false).has_device_model);
    c = config_of("{\"c_info\": {\"type\": \"hvm\", \"pvh\": \"True\"},\n\"b_info\": {\n"
                  "\"max_vcpus\": 3, \"tsc_mode\": \"native_paravirt\",\n"
                  "\"device_model_version\": \"qemu_xen_traditional\", \"device_model\": \"/x\",\n"
                  "\"type.hvm\": {\"viridian\": \"True\", \"acpi\": \"False\",\n"
                  "\"nested_hvm\": \"True\", \"x\\\"viridian\": \"False\"}}}",
                  true);
    CHECK(c.json && c.pvh && c.pvrdtscp && c.traditional && c.has_device_model && c.viridian);
    CHECK(c.acpi_off && c.nested_hvm && !c.stubdom);
    CHECK_INT(c.max_vcpus, 3);
    CHECK(!config_of("{\"viridian\"", true).viridian);
    CHECK(!config_of("{\"viridian\":", true).viridian);
    CHECK(!config_of("{\"viridian\": \"Tru", true).traditional);
}

static void put_host_file(struct scratch *s, const char *path, const char *text)
{
    char full[400];

    snprintf(full, sizeof(full), "%s%s", s->dir, path);
    for (char *p = full + strlen(s->dir) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(full, 0700);
        *p = '/';
    }
    write_file(full, text, strlen(text));
}

static void the_host_at_hand(void)
{
    struct scratch s;
    struct limits_host host;
    char command[400];

    scratch_make(&s);
    limits_host_read(s.dir, &host);
    CHECK(!host.given);
    put_host_file(&s, "/sys/hypervisor/type", "xen\n");
    limits_host_read(s.dir, &host);
    CHECK(!host.given);
    put_host_file(&s, "/sys/hypervisor/version/major", "4\n");
    put_host_file(&s, "/sys/hypervisor/version/minor", "17\n");
    put_host_file(&s, "/sys/hypervisor/version/extra", ".7-pre\n");
    limits_host_read(s.dir, &host);
    CHECK(host.given && host.is_local && host.minor == 17 && host.point == 7);
    CHECK(!host.pv && !host.pv32 && !host.hvm && !host.vendor && !host.l1tf);
    CHECK(!host.qemu_traditional && !host.emulators_complete && !host.cpu[LIMITS_CPU_AVX]);
    put_host_file(&s, "/sys/hypervisor/version/extra", "-rc3\n");
    put_host_file(&s, "/sys/hypervisor/properties/capabilities",
                  "xen-3.0-x86_64 hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 \n");
    put_host_file(&s, "/sys/hypervisor/guest_type", "PV\n");
    put_host_file(&s, "/proc/cpuinfo",
                  "processor\t: 0\nvendor_id\t: AuthenticAMD\nvmx flags\t: x\n"
                  "flags\t\t: fpu fsgsbase avx xsave\nbugs\t\t: \n\nprocessor\t: 1\n"
                  "flags\t\t: smep smap avx512f\n");
    put_host_file(&s, "/sys/devices/system/cpu/vulnerabilities/l1tf", "Not affected\n");
    put_host_file(&s, "/usr/lib/xen-4.17/bin/libxl-save-helper", "");
    put_host_file(&s, "/usr/bin/qemu-system-x86_64", "");
    limits_host_read(s.dir, &host);
    CHECK_INT(host.point, LIMITS_POINT_ANY);
    CHECK_INT(host.pv, LIMITS_YES);
    CHECK_INT(host.pv32, LIMITS_NO);
    CHECK_INT(host.hvm, LIMITS_YES);
    CHECK_INT(host.vendor, LIMITS_VENDOR_AMD);
    CHECK_INT(host.cpu[LIMITS_CPU_AVX], LIMITS_YES);
    CHECK_INT(host.cpu[LIMITS_CPU_AVX512], LIMITS_NO);
    CHECK_INT(host.cpu[LIMITS_CPU_SMEP], LIMITS_UNKNOWN); /* a PV dom0 does not see it */
    CHECK_INT(host.l1tf, LIMITS_NO);
    CHECK_INT(host.qemu_traditional, LIMITS_NO);
    CHECK(host.emulators_complete);
    put_host_file(&s, "/sys/hypervisor/guest_type", "PVH\n");
    put_host_file(&s, "/usr/lib/xen-4.17/bin/qemu-dm", "");
    limits_host_read(s.dir, &host);
    CHECK_INT(host.cpu[LIMITS_CPU_SMEP], LIMITS_NO);
    CHECK_INT(host.qemu_traditional, LIMITS_YES);
    put_host_file(&s, "/sys/hypervisor/version/minor", "5\n");
    limits_host_read(s.dir, &host);
    CHECK(!host.given);
    snprintf(command, sizeof(command), "rm -r '%s'", s.dir);
    CHECK_INT(system(command), 0);
}

CU_TestInfo limits_tests[] = {
    {"every row", every_row},
    {"features of the CPU", features_of_the_cpu},
    {"what only hosts tell", what_only_hosts_tell},
    {"hosts overrule releases", hosts_overrule_releases},
    {"verdicts", verdicts},
    {"releases by name", releases_by_name},
    {"spans of releases", spans_of_releases},
    {"releases in words", releases_in_words},
    {"lines of a configuration", lines_of_a_configuration},
    {"names of repairs", names_of_repairs},
    {"repairs that a Xen needs", repairs_that_a_xen_needs},
    {"facts of a context", facts_of_a_context},
    {"repairs of a context", repairs_of_a_context},
    {"mce-caps as needed", mce_caps_as_needed},
    {"repairs of small items", repairs_of_small_items},
    {"xsave records of the host's size", xsave_records_of_the_hosts_size},
    {"MCG_CAP of PV vcpus", mcg_caps_of_pv_vcpus},
    {"facts of qemu records", facts_of_qemu_records},
    {"repairs of qemu records", repairs_of_qemu_records},
    {"data is held", data_is_held},
    {"configurations", configurations},
    {"the host at hand", the_host_at_hand},
    CU_TEST_INFO_NULL,
};
