/*
 * The Xen that is going to restore a save: a release by name, or the host at hand. What cannot be
 * known is unknown, never guessed.
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
#define LIMITS_POINT_ANY             -1

/* Features of CPUs that guests' state can depend on. */
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
    bool given;                         /* else no Xen in particular */
    bool at_hand;                       /* the host that this runs on; else a release by name */
    int minor;                          /* of 4.x */
    int point;                          /* or LIMITS_POINT_ANY */
    enum limits_known pv, pv32, hvm;    /* can it run such guests? */
    enum limits_known qemu_traditional; /* is that installed? */
    enum limits_known l1tf;             /* is the CPU affected? */
    enum limits_vendor vendor;
    enum limits_known cpu[LIMITS_CPU_COUNT];
    bool knows_emulators; /* these files are all the device models that there are */
    unsigned emulators_count;
    char emulators[LIMITS_EMULATORS_MAX][128];
};

/* "4.17", "4.14.3"; false: no release that could restore a v2 stream. */
bool limits_host_parse(const char *text, struct limits_host *host);

/*
 * The host at hand, looked at below root ("" but for tests): /sys/hypervisor, /proc/cpuinfo, the
 * CPU's vulnerabilities, the toolstack's files. host->given stays false where this is no Xen. To be
 * called before the sandbox is entered.
 */
void limits_host_read(const char *root, struct limits_host *host);

/* "xsave", "avx" ...: as in /proc/cpuinfo, but for avx512 (avx512f) and dbext (bpext). */
const char *limits_cpu_name(enum limits_cpu feature);

/* "Xen 4.17.2", "Xen 4.17", "this host (Xen 4.17.2)"; no host: "any Xen since 4.17". */
void limits_host_text(const struct limits_host *host, char *buf, size_t size);

#endif
