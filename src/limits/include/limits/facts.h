/*
 * What a save shows of the things that decide whether a Xen can restore it: gathered from the image
 * items as they pass, and from the configuration. Constant size; whatever the input claims, a fact
 * is no more than what was read.
 *
 * Layouts: xen/include/public/arch-x86/hvm/save.h and xen/include/public/domctl.h of Xen 4.5,
 * savevm.c of QEMU.
 */
#ifndef LIMITS_FACTS_H
#define LIMITS_FACTS_H

#include "base/held.h"
#include "base/image.h"

/* The most of a HVM context or qemu record that is held and looked at: a thousand real ones. */
#define LIMITS_HELD_MAX (16u * 1024 * 1024)

enum limits_vendor {
    LIMITS_VENDOR_UNKNOWN,
    LIMITS_VENDOR_INTEL,
    LIMITS_VENDOR_AMD,
};

enum limits_qemu {
    LIMITS_QEMU_NONE,        /* no record */
    LIMITS_QEMU_UNKNOWN,     /* none of the sections that tell, or too large to look at */
    LIMITS_QEMU_TRADITIONAL, /* xend, XAPI, xl 4.0 to 4.2 by default */
    LIMITS_QEMU_UPSTREAM,
};

/* From the names of a qemu record's sections. A slot of -1: there is no such device. */
struct limits_qemu_facts {
    enum limits_qemu kind;
    int vga_slot, platform_slot, sound_slot; /* PCI devices of bus 0 */
    bool stdvga;                             /* the VGA is QEMU's VGA, not a cirrus-vga */
    char sound[12];                          /* "es1370", "ac97", "intel-hda" */
    bool kvm_tpr_opt;                        /* a section of QEMU 1.x, which later ones reject */
    bool vga_revision_0;                     /* stdvga of QEMU before 2.2 */
};

/* Keys of the configuration, in xl's text or in libxl's JSON. */
struct limits_config_facts {
    bool found; /* the container has a configuration of one of these forms */
    bool json;
    bool cut; /* only the beginning was looked at */
    bool viridian, nested_hvm, pvh, pvrdtscp, acpi_off, stubdom, no_platform_pci, traditional;
    bool timer_mode, bad_builder;
    uint64_t viridian_mask;    /* text: of a list of what xl calls by name; 0: of no such one */
    bool has_device_model;     /* a device model of its own, by path */
    uint64_t memory_kib;       /* text: what the guest may have; 0: not given */
    uint64_t vcpus, max_vcpus; /* 0: not given */
    char builder[32];          /* then: what newer xl does not take */
    char qemu_args[512];       /* for QEMU, each between newlines; cut to fit */
    char emulator[256];        /* libvirt: the path in <emulator>; empty: there is none */
};

struct limits_facts {
    enum guest_type guest;
    unsigned guest_width; /* PV, in bytes; 0: not known */
    bool complete;        /* the stream was read to its end */

    bool has_tsc;
    uint32_t tsc_mode;

    bool has_viridian; /* HVM_PARAM_VIRIDIAN: */
    uint64_t viridian;
    bool has_ioreq_server, has_fip_width, has_console; /* HVM parameters */

    /* HVM context */
    bool has_context;               /* it was walked: */
    uint32_t cpu_records;           /* vcpus that have a CPU record */
    bool has_viridian_state;        /* VIRIDIAN_DOMAIN */
    uint32_t cpuid_eax;             /* leaf 1 of the saving host; 0: not known */
    uint64_t cr4, efer;             /* of all vcpus, or-ed */
    bool has_bndcfgs, has_dr_masks; /* CPU_MSR */

    /* both types of guests, of all vcpus, or-ed */
    uint32_t vcpus_needed; /* 1 + the highest id */
    uint64_t xcr0_accum, mcg_caps;

    /* PV: xsave records longer than hypervisors take; and those that cannot be cut */
    uint32_t long_xsave, long_xsave_used;

    /* Filled by inspections only. */
    uint64_t populated; /* different pages; 0: not counted */
    uint64_t l1tf_entries; /* page table entries that are vulnerable */

    struct limits_qemu_facts qemu;
    struct limits_config_facts config;
};

void limits_facts_init(struct limits_facts *facts);

/*
 * Takes note of an item, and consumes nothing. Data must be in memory (limits_hold()) to be looked
 * at. Page data never is.
 */
void limits_facts_item(struct limits_facts *facts, const struct image_item *item);

/* Takes note of a configuration: len bytes of xl's text or of libxl's JSON. May be called again. */
void limits_facts_config(struct limits_facts *facts, const char *text, size_t len, bool json);

/* Who made a CPU with this leaf 1 EAX? Family 6 is taken for Intel, 15 with an extension for AMD.
 */
enum limits_vendor limits_vendor_of(uint32_t cpuid_eax);

/* A buffer for one item's data at a time. Start with all zero; free with limits_hold_free(). */
struct limits_hold {
    struct cls_held held;
};

/*
 * Reads an item's data (HVM_CONTEXT, EMULATOR, VCPU_EXTENDED, VCPU_XSAVE) into memory, where that
 * is not more than LIMITS_HELD_MAX, and lets the item refer to it. Memory grows with what really
 * comes. Other items stay as they are. Fails where the input ends before.
 */
bool limits_hold(struct limits_hold *hold, struct image_item *item,
                 struct cls_error *err) CLS_MUST_CHECK;

/*
 * The same for someone who only looks: where the input ends before, the data is what came. Data of
 * UINT64_MAX bytes goes on to the end of the input.
 */
bool limits_hold_some(struct limits_hold *hold, struct image_item *item,
                      struct cls_error *err) CLS_MUST_CHECK;

/* The same data in memory that may be changed; NULL, and err filled: no memory. */
uint8_t *limits_hold_own(struct limits_hold *hold, struct image_data *data, struct cls_error *err);
void limits_hold_free(struct limits_hold *hold);

/* A record of a HVM context: u16 type, u16 instance, u32 length, body. */
struct hvm_record {
    uint16_t type, instance;
    uint32_t len;
    size_t offset; /* of the body in the context */
    const uint8_t *body;
};

/* The next record at *pos, which moves behind it. False: END, or what is no whole record. */
bool hvm_record_next(const uint8_t *context, size_t len, size_t *pos, struct hvm_record *record);

#define HVM_RECORD_END             0
#define HVM_RECORD_HEADER          1
#define HVM_RECORD_CPU             2
#define HVM_RECORD_LAPIC           5
#define HVM_RECORD_LAPIC_REGS      6
#define HVM_RECORD_MTRR            14
#define HVM_RECORD_VIRIDIAN_DOMAIN 15
#define HVM_RECORD_CPU_XSAVE       16
#define HVM_RECORD_VIRIDIAN_VCPU   17
#define HVM_RECORD_VMCE_VCPU       18
#define HVM_RECORD_TSC_ADJUST      19
#define HVM_RECORD_CPU_MSR         20

/* What Intel's CPUs have in MCG_CAP, and Xen 4.2 gave to guests on any CPU. */
#define MCG_TES_P (UINT64_C(1) << 11)
#define MCG_SER_P (UINT64_C(1) << 24)

/* Where an extended vcpu context has its MCG_CAP; 0: it has none. */
size_t extended_mcg_cap_offset(const uint8_t *bytes, size_t len);

/*
 * The length that hypervisors want of a PV vcpu's xsave record; false where that is not known or
 * not less than what it has. *used: what would be cut is in use.
 */
bool xsave_excess(const uint8_t *bytes, size_t len, size_t *wanted, bool *used);

/* Sections of a qemu record: where the header of the one with this name begins; false: none. */
bool qemu_find_section(const uint8_t *bytes, size_t len, const char *name, size_t *offset,
                       size_t *body);

/* The kvm-tpr-opt section, header and body, if its body is all zero and another section follows. */
bool qemu_find_kvm_tpr_opt(const uint8_t *bytes, size_t len, size_t *offset, size_t *size);

/* Where the stdvga's PCI revision is, if it is 0. */
bool qemu_find_vga_revision(const uint8_t *bytes, size_t len, size_t *offset);

void qemu_facts(struct limits_qemu_facts *facts, const uint8_t *bytes, size_t len);

#endif
