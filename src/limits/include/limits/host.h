/*
 * The Xen that will restore a save: a release given by --for, or this host. Properties that cannot
 * be determined are LIMITS_UNKNOWN.
 */
#ifndef LIMITS_HOST_H
#define LIMITS_HOST_H

#include "limits/facts.h"

enum limits_known {
    LIMITS_UNKNOWN,
    LIMITS_NO,
    LIMITS_YES,
};

/* Releases as numbers: 4.14.3 is 1403. */
#define LIMITS_RELEASE(minor, point) ((minor)*100 + (point))
#define LIMITS_MINOR_MIN             6
#define LIMITS_MINOR_MAX             22 /* the newest that the table was compared with */
#define LIMITS_POINT_ANY             (-1)

/* CPU features that the state of a guest can depend on. */
enum limits_cpu {
    LIMITS_CPU_XSAVE,
    LIMITS_CPU_AVX,
    LIMITS_CPU_MPX,
    LIMITS_CPU_AVX512,
    LIMITS_CPU_FSGSBASE,
    LIMITS_CPU_PCID,
    LIMITS_CPU_SMEP,
    LIMITS_CPU_SMAP,
    LIMITS_CPU_DBEXT,
    LIMITS_CPU_COUNT,
};

#define LIMITS_EMULATORS_MAX 16

struct limits_host {
    bool given;                         /* false: no particular Xen; nothing else is set */
    bool is_local;                      /* this host; false: a release given by number */
    int minor;                          /* x of 4.x */
    int point;                          /* y of 4.x.y, or LIMITS_POINT_ANY */
    enum limits_known pv, pv32, hvm;    /* can it run such guests? */
    enum limits_known qemu_traditional; /* is it installed? */
    enum limits_known l1tf;             /* is the CPU affected? */
    enum limits_vendor vendor;
    enum limits_known cpu[LIMITS_CPU_COUNT];
    bool emulators_complete; /* the list is complete */
    unsigned emulators_count;
    char emulators[LIMITS_EMULATORS_MAX][128]; /* paths of the installed device models */
};

/* Parses "4.17" or "4.14.3". Returns false if it is not a release from 4.6 to 4.22. */
bool limits_host_parse(const char *text, struct limits_host *host);

/*
 * Examines this host: /sys/hypervisor, /proc/cpuinfo, the CPU's vulnerabilities and the installed
 * device models, all below root ("" except in tests). host->given is false if it is not a Xen dom0
 * of a supported release. To be called before the sandbox is entered.
 */
void limits_host_read(const char *root, struct limits_host *host);

/* Name as in /proc/cpuinfo: "xsave", "avx", "avx512f" (AVX512), "bpext" (DBEXT). Static. */
const char *limits_cpu_name(enum limits_cpu feature);

/* Writes "Xen 4.17.2", "Xen 4.17", "this host (Xen 4.17.2)"; unless given "any Xen since 4.17". */
void limits_host_text(const struct limits_host *host, char *buf, size_t size);

#endif
