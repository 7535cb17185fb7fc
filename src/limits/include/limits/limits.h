/*
 * The limits: what in a save makes a Xen of 4.6 to 4.22 refuse it, restore it wrongly or lets the
 * guest misbehave. One table, a row for each kind; docs/limits.md explains them to users.
 */
#ifndef LIMITS_LIMITS_H
#define LIMITS_LIMITS_H

#include "base/log.h"
#include "limits/host.h"

enum limits_severity {
    LIMITS_UNCHECKED, /* only the host at hand could tell */
    LIMITS_NOTE,      /* harmless */
    LIMITS_HARMS,     /* the guest may crash, hang or lose devices */
    LIMITS_BLOCKS,    /* the restore fails */
};

enum limits_verdict {
    LIMITS_RESTORE_YES,
    LIMITS_RESTORE_ATTENTION,
    LIMITS_RESTORE_NO,
    LIMITS_VERDICTS,
};

/* Repairs, as bits of a set. */
enum limits_repair {
    LIMITS_REPAIR_NONE = 0,
    LIMITS_REPAIR_VIRIDIAN = 1 << 0,     /* add HVM_PARAM_VIRIDIAN = 1 */
    LIMITS_REPAIR_TSC_MODE = 1 << 1,     /* TSC mode 3 becomes 1 */
    LIMITS_REPAIR_XSAVE = 1 << 2,        /* cut xsave records to what their guest needs */
    LIMITS_REPAIR_MCE_CAPS = 1 << 3,     /* clear MCG_SER_P and MCG_TES_P */
    LIMITS_REPAIR_FIP_WIDTH = 1 << 4,    /* drop HVM_PARAM_X87_FIP_WIDTH */
    LIMITS_REPAIR_KVMVAPIC = 1 << 5,     /* cut section kvm-tpr-opt out of the qemu record */
    LIMITS_REPAIR_VGA_REVISION = 1 << 6, /* the stdvga's PCI revision becomes 2 */
    LIMITS_REPAIR_EMULATOR = 1 << 7,     /* drop <emulator> from libvirt's XML */
};

#define LIMITS_REPAIRS    8
#define LIMITS_REPAIR_ALL ((1u << LIMITS_REPAIRS) - 1)

struct limits_finding {
    const char *id; /* "R13". Static */
    enum limits_severity severity;
    unsigned repair;  /* enum limits_repair; NONE: no repair cures it */
    bool some_points; /* only some releases: of the Xen that was named, or of all */
    bool silent;      /* not worth a word where it is unchecked */
    char what[320];   /* in the save: "TSC mode 3 (PVRDTSCP)" */
    char where[160];  /* "rejected by Xen 4.12 and later" */
    char remedy[320]; /* "convert with --repair=tsc-mode"; empty: none is known */
};

#define LIMITS_FINDINGS_MAX 40
#define LIMITS_IDS_MAX      64 /* a list of ids, "R1 R13", and its NUL */

struct limits_findings {
    enum limits_verdict verdict;
    unsigned count;
    struct limits_finding list[LIMITS_FINDINGS_MAX];
};

/*
 * What applies to this save. Where the host is a release by name, or none, its build is taken to be
 * the default one; without a host the verdict is no where every release since 4.17 would refuse it.
 */
void limits_find(const struct limits_facts *facts, const struct limits_host *host,
                 struct limits_findings *findings);

/* Warns of each finding that blocks the restore on the Xen that limits_find() was asked about. */
void limits_warn(const struct limits_findings *findings, const struct limits_host *host,
                 const struct cls_log *log);

/* "yes", "needs attention", "no". */
const char *limits_verdict_text(enum limits_verdict verdict);

/* Without a host: the releases from `from` on that share a verdict. */
struct limits_span {
    int from, to; /* releases, as LIMITS_RELEASE(); to: the last of them */
    enum limits_verdict verdict;
};

#define LIMITS_SPANS_MAX 64

/* The verdicts of all releases from 4.6 on; returns how many spans there are. */
unsigned limits_spans(const struct limits_facts *facts, struct limits_span spans[LIMITS_SPANS_MAX]);

/* "4.14 and earlier", "4.15 to 4.20", "4.21.0 to 4.21.1", "4.22 and later". */
void limits_span_text(const struct limits_span *span, char *buf, size_t size);

/* What --repair without a list comes to: the repairs that a save may need for that Xen. */
unsigned limits_repairs_for(const struct limits_host *host);

/* "tsc-mode" or "R13" (any case): the bit; 0: no repair. */
unsigned limits_repair_parse(const char *name, size_t len);
const char *limits_repair_name(unsigned repair);

/*
 * Lines of an xl configuration that a save needs to be restored (R3, R5, R33, R34, R36), by a
 * device model of Xen 4.6 or later.
 */
struct limits_config_lines {
    const char *vga;           /* NULL: no such line */
    unsigned videoram;         /* MiB; 0: no such line */
    bool viridian_off;         /* viridian = 0 */
    bool xen_platform_pci_off; /* xen_platform_pci = 0 */
    bool no_soundhw;           /* soundhw must not be there */
    unsigned args_count;       /* device_model_args_hvm */
    char args[8][56];
};

/* The lines that this finding (its id) needs; false: none. */
bool limits_config_lines(const struct limits_facts *facts, const char *id,
                         struct limits_config_lines *lines);

/* The same as text, "vga = \"none\"; videoram = 8", cut to fit. */
void limits_config_lines_text(const struct limits_config_lines *lines, char *buf, size_t size);

#endif
