/*
 * Facts about a save that decide whether a Xen can restore it, collected from the image items and
 * the configuration. They have constant size and are derived only from data that was read, not from
 * lengths or counts that the input claims.
 *
 * Layouts: xen/include/public/arch-x86/hvm/save.h and xen/include/public/domctl.h of Xen 4.5,
 * savevm.c of QEMU.
 */
#ifndef LIMITS_FACTS_H
#define LIMITS_FACTS_H

#include "base/held.h"
#include "base/image.h"

/* Bytes. A longer HVM context or qemu record is not examined; real ones have some 10 KiB. */
#define LIMITS_HELD_MAX (16u * 1024 * 1024)

enum limits_vendor {
    LIMITS_VENDOR_UNKNOWN,
    LIMITS_VENDOR_INTEL,
    LIMITS_VENDOR_AMD,
};

enum limits_qemu {
    LIMITS_QEMU_NONE,        /* no record */
    LIMITS_QEMU_UNKNOWN,     /* no section that identifies it, or the record is too long */
    LIMITS_QEMU_TRADITIONAL, /* xend, XAPI, xl 4.0 to 4.2 by default */
    LIMITS_QEMU_UPSTREAM,
};

#define LIMITS_NICS_MAX 4

/* From the names of the sections of a qemu record. Slot -1: there is no such device. */
struct limits_qemu_facts {
    enum limits_qemu kind;
    int vga_slot, platform_slot, sound_slot; /* PCI devices of bus 0 */
    bool stdvga;                             /* the VGA is QEMU's VGA, not a cirrus-vga */
    int nic_slots[LIMITS_NICS_MAX]; /* of emulated network cards, in the order of the ids */
    unsigned nic_count;             /* may be more than LIMITS_NICS_MAX */
    char sound[12];                 /* "es1370", "ac97", "intel-hda" */
    bool kvm_tpr_opt;               /* has this section of QEMU 1.x; QEMU 2.x rejects it */
    bool vga_revision_0;            /* stdvga of QEMU before 2.2 */
};

/* From the configuration in xl's text or libxl's JSON. */
struct limits_config_facts {
    bool found; /* the container has a configuration in one of these formats */
    bool json;
    bool viridian, nested_hvm, pvh, pvrdtscp, acpi_off, stubdom, no_platform_pci, traditional;
    bool timer_mode, bad_builder;
    enum guest_type builder_type, type; /* what "builder" (text) and "type" name */
    unsigned bad_line;                  /* text: the first line that xl cannot parse; 0: none */
    uint64_t viridian_mask;             /* text: value for a list of known names; 0: no such list */
    uint32_t emulated_nics;             /* bit n: device n of "vif" or "nics" is emulated, too */
    unsigned nic_count;                 /* number of devices in "vif" or "nics" */
    bool has_device_model;              /* the path of a device model is given */
    uint64_t memory_kib;                /* text: "memory", in KiB; 0: not given */
    uint64_t vcpus, max_vcpus;          /* 0: not given */
    char builder[32];    /* if bad_builder: the value, which newer xl rejects; truncated */
    char qemu_args[512]; /* arguments for QEMU, each between newlines; truncated */
    char emulator[256];  /* libvirt: the path in <emulator>; empty: there is none */
};

struct limits_facts {
    enum guest_type guest;
    unsigned guest_width; /* PV, in bytes; 0: not known */
    bool complete;        /* the stream was read to its end */

    bool has_tsc;
    uint32_t tsc_mode;

    bool has_viridian;                                 /* the HVM parameter is in the stream */
    uint64_t viridian;                                 /* its value */
    bool has_ioreq_server, has_fip_width, has_console; /* HVM parameters */

    /* HVM context */
    bool has_context;               /* it was parsed; the others of this group are valid */
    uint32_t cpu_records;           /* number of CPU records */
    bool has_viridian_state;        /* VIRIDIAN_DOMAIN */
    uint32_t cpuid_eax;             /* leaf 1 of the saving host; 0: not known */
    uint64_t cr4, efer;             /* of all vcpus, or-ed */
    bool has_bndcfgs, has_dr_masks; /* CPU_MSR */

    /* PV and HVM */
    uint32_t vcpus_needed;         /* 1 + the highest vcpu id */
    uint64_t xcr0_accum, mcg_caps; /* of all vcpus, or-ed */

    /* PV: number of xsave records that are too long, and of those that cannot be shortened */
    uint32_t long_xsave, long_xsave_used;

    /* Only filled by --inspect. */
    uint64_t populated;    /* number of distinct pages; 0: not counted */
    uint64_t l1tf_entries; /* number of page table entries that are vulnerable to L1TF */

    struct limits_qemu_facts qemu;
    struct limits_config_facts config;
};

/* Initialises facts: nothing is known. */
void limits_facts_init(struct limits_facts *facts);

/*
 * Collects the facts of an item without consuming its data. Data is examined only if it is in
 * memory (limits_hold()). Page data is never examined.
 */
void limits_facts_item(struct limits_facts *facts, const struct image_item *item);

/* The vendor of a CPU with this CPUID leaf 1 EAX: family 6 is Intel, 15 with an extension AMD. */
enum limits_vendor limits_vendor_of(uint32_t cpuid_eax);

/* Buffer for the data of one item at a time. Initialise to zero, free by limits_hold_free(). */
struct limits_hold {
    struct cls_held held;
};

/*
 * Reads the data of an item (HVM_CONTEXT, EMULATOR, VCPU_EXTENDED, VCPU_XSAVE) into memory and sets
 * its bytes, unless it is longer than LIMITS_HELD_MAX. Memory grows with the bytes read, not with
 * the claimed length. Other items stay unchanged. Fails if the input ends early.
 */
bool limits_hold(struct limits_hold *hold, struct image_item *item,
                 struct cls_error *err) CLS_MUST_CHECK;

/*
 * Like limits_hold(), for inspections: if the input ends early, the data is shortened. A length of
 * UINT64_MAX means that the data extends to the end of the input.
 */
bool limits_hold_available(struct limits_hold *hold, struct image_item *item,
                           struct cls_error *err) CLS_MUST_CHECK;

/* Returns data as a writable copy in hold, which data refers to then. NULL and err: no memory. */
uint8_t *limits_hold_writable(struct limits_hold *hold, struct image_data *data,
                              struct cls_error *err);

/* Frees the buffer. */
void limits_hold_free(struct limits_hold *hold);

/* A record of a HVM context: u16 type, u16 instance, u32 length, body. */
struct hvm_record {
    uint16_t type, instance;
    uint32_t len;
    size_t offset; /* of the body in the context */
    const uint8_t *body;
};

/*
 * Reads the record at *pos and advances *pos over it. Returns false at the END record, and if no
 * complete record follows.
 */
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

/* Bits of MCG_CAP that only Intel's CPUs have; Xen 4.2 set them for guests on any CPU. */
#define MCG_TES_P (UINT64_C(1) << 11)
#define MCG_SER_P (UINT64_C(1) << 24)

/* Offset of MCG_CAP in an extended vcpu context (pv_vcpu.c); 0: it has none. */
size_t extended_mcg_cap_offset(const uint8_t *bytes, size_t len);

/*
 * Is the xsave record of a PV vcpu longer than hypervisors accept (pv_vcpu.c)? Then *accepted is
 * the accepted length, and *used says whether the excess holds state. Returns false if unknown.
 */
bool xsave_excess(const uint8_t *bytes, size_t len, size_t *accepted, bool *used);

/*
 * Finds the section with this name in a qemu record: *offset of its header, *body of its content.
 * Returns false if there is none.
 */
bool qemu_find_section(const uint8_t *bytes, size_t len, const char *name, size_t *offset,
                       size_t *body);

/* Finds the kvm-tpr-opt section (header and body), if its body is zero and a section follows. */
bool qemu_find_kvm_tpr_opt(const uint8_t *bytes, size_t len, size_t *offset, size_t *size);

/* Finds the PCI revision of the stdvga, if it is 0. */
bool qemu_find_vga_revision(const uint8_t *bytes, size_t len, size_t *offset);

/* Collects the facts of a qemu record. */
void qemu_facts(struct limits_qemu_facts *facts, const uint8_t *bytes, size_t len);

#endif
