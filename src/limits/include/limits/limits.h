/*
 * The limits: properties of a save that make Xen 4.6 to 4.22 reject it, or the guest misbehave
 * after the restore. table.c has a row for each; docs/limits.md explains them to users.
 */
#ifndef LIMITS_LIMITS_H
#define LIMITS_LIMITS_H

#include "base/log.h"
#include "limits/host.h"

enum limits_severity {
    LIMITS_UNCHECKED, /* depends on the host, which is not known */
    LIMITS_NOTE,      /* harmless */
    LIMITS_HARMS,     /* the guest may crash, hang or lose devices */
    LIMITS_BLOCKS,    /* the restore fails */
};

enum limits_verdict {
    LIMITS_RESTORE_YES,
    LIMITS_RESTORE_ATTENTION,
    LIMITS_RESTORE_NO,
    LIMITS_VERDICTS, /* number of verdicts */
};

/* Repairs, as bits of a set. */
enum limits_repair {
    LIMITS_REPAIR_NONE = 0,
    LIMITS_REPAIR_VIRIDIAN = 1 << 0,     /* add HVM_PARAM_VIRIDIAN = 1 */
    LIMITS_REPAIR_TSC_MODE = 1 << 1,     /* TSC mode 3 becomes 1 */
    LIMITS_REPAIR_XSAVE = 1 << 2,        /* shorten xsave records to the accepted length */
    LIMITS_REPAIR_MCE_CAPS = 1 << 3,     /* clear MCG_SER_P and MCG_TES_P */
    LIMITS_REPAIR_FIP_WIDTH = 1 << 4,    /* drop HVM_PARAM_X87_FIP_WIDTH */
    LIMITS_REPAIR_KVMVAPIC = 1 << 5,     /* drop section kvm-tpr-opt of the qemu record */
    LIMITS_REPAIR_VGA_REVISION = 1 << 6, /* the stdvga's PCI revision becomes 2 */
    LIMITS_REPAIR_EMULATOR = 1 << 7,     /* drop <emulator> from libvirt's XML */
};

#define LIMITS_REPAIRS    8
#define LIMITS_REPAIR_ALL ((1u << LIMITS_REPAIRS) - 1)

struct limits_finding {
    const char *id; /* "R13". Static */
    enum limits_severity severity;
    unsigned repair;  /* enum limits_repair; LIMITS_REPAIR_NONE: none helps */
    bool some_points; /* affects only some of the point releases, or of all releases */
    bool silent;      /* left out if unchecked */
    char what[320];   /* the property of the save: "TSC mode 3 (PVRDTSCP)" */
    char where[256];  /* the effect: "rejected by Xen 4.12 and later" */
    char remedy[768]; /* "convert with --repair=tsc-mode"; empty: none */
};

#define LIMITS_FINDINGS_MAX 40
#define LIMITS_IDS_MAX      64 /* bytes for a list of ids, "R1 R13", with its NUL */

struct limits_findings {
    enum limits_verdict verdict;
    unsigned count;
    struct limits_finding list[LIMITS_FINDINGS_MAX];
};

/*
 * Finds the limits that apply to a save and the verdict. For a release given by number, and without
 * a host, Xen's default build options are assumed. Without a host, a limit blocks the restore if it
 * applies to all releases since 4.17.
 */
void limits_find(const struct limits_facts *facts, const struct limits_host *host,
                 struct limits_findings *findings);

/* Logs a warning for each finding that makes the restore fail. host: as for limits_find(). */
void limits_warn(const struct limits_findings *findings, const struct limits_host *host,
                 const struct cls_log *log);

/* "yes", "needs attention" or "no". Static. */
const char *limits_verdict_text(enum limits_verdict verdict);

/* A range of releases with the same verdict. */
struct limits_span {
    int from, to; /* first and last, as LIMITS_RELEASE() */
    enum limits_verdict verdict;
};

#define LIMITS_SPANS_MAX 64

/* Finds the verdicts of all releases since 4.6. Returns the number of spans. */
unsigned limits_spans(const struct limits_facts *facts, struct limits_span spans[LIMITS_SPANS_MAX]);

/* Writes "4.14 and earlier", "4.15 to 4.20", "4.21.0 to 4.21.1" or "4.22 and later". */
void limits_span_text(const struct limits_span *span, char *buf, size_t size);

/* The repairs that a save may need for that Xen: those of --repair without a list. */
unsigned limits_repairs_for(const struct limits_host *host);

/* Parses "tsc-mode" or "R13" (upper or lower case) to a bit of enum limits_repair; 0: unknown. */
unsigned limits_repair_parse(const char *name, size_t len);

/* The name of one repair ("tsc-mode"). Static. */
const char *limits_repair_name(unsigned repair);

/*
 * Changes of the xl configuration that make a save restorable (limits R3, R5, R33, R34, R36).
 */
struct limits_config_lines {
    const char *vga;           /* NULL: no such line */
    unsigned videoram;         /* MiB; 0: no such line */
    bool viridian_off;         /* viridian = 0 */
    bool xen_platform_pci_off; /* xen_platform_pci = 0 */
    bool no_soundhw;           /* remove soundhw */
    unsigned args_count;       /* items of device_model_args_hvm */
    char args[16][56];
};

/* Fills the lines for the limit with this id. Returns false if there are none. */
bool limits_config_lines(const struct limits_facts *facts, const char *id,
                         struct limits_config_lines *lines);

/* Writes the lines as text, "vga = \"none\"; videoram = 8", truncated to size. */
void limits_config_lines_text(const struct limits_config_lines *lines, char *buf, size_t size);

#endif
