#include "limits/host.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CPUINFO_MAX 16384 /* enough for the first processor, whose lines have some KiB */

bool limits_host_parse(const char *text, struct limits_host *host)
{
    unsigned minor, point = 0;
    int end = 0, n;

    *host = (struct limits_host){.point = LIMITS_POINT_ANY};
    if (strspn(text, "0123456789.") != strlen(text) || strlen(text) > strlen("4.22.99"))
        return false;
    n = sscanf(text, "4.%u%n.%u%n", &minor, &end, &point, &end);
    if (n < 1 || text[end] != '\0' || minor < LIMITS_MINOR_MIN || minor > LIMITS_MINOR_MAX ||
        point > 99)
        return false;
    host->given = true;
    host->minor = (int)minor;
    if (n == 2)
        host->point = (int)point;
    return true;
}

const char *limits_cpu_name(enum limits_cpu feature)
{
    static const char *const names[] = {
        [LIMITS_CPU_XSAVE] = "xsave",       [LIMITS_CPU_AVX] = "avx",
        [LIMITS_CPU_MPX] = "mpx",           [LIMITS_CPU_AVX512] = "avx512f",
        [LIMITS_CPU_FSGSBASE] = "fsgsbase", [LIMITS_CPU_PCID] = "pcid",
        [LIMITS_CPU_SMEP] = "smep",         [LIMITS_CPU_SMAP] = "smap",
        [LIMITS_CPU_DBEXT] = "bpext",
    };

    return names[feature];
}

void limits_host_text(const struct limits_host *host, char *buf, size_t size)
{
    char release[32];

    if (!host->given) {
        snprintf(buf, size, "any Xen since 4.17");
        return;
    }
    if (host->point == LIMITS_POINT_ANY)
        snprintf(release, sizeof(release), "Xen 4.%d", host->minor);
    else
        snprintf(release, sizeof(release), "Xen 4.%d.%d", host->minor, host->point);
    snprintf(buf, size, host->is_local ? "this host (%s)" : "%s", release);
}

/* Reads up to size - 1 bytes of a file and adds a NUL. Returns false if it cannot be read. */
static bool read_file(const char *root, const char *path, char *buf, size_t size)
{
    char full[256];
    size_t used = 0;
    ssize_t n = 0;
    int fd;

    snprintf(full, sizeof(full), "%s%s", root, path);
    fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return false;
    while (used < size - 1 && (n = read(fd, buf + used, size - 1 - used)) > 0)
        used += (size_t)n;
    close(fd);
    buf[used] = '\0';
    return n >= 0;
}

/*
 * Reads major ("4"), minor ("17") and extra (".3-pre", or "-rc2" before the first point release;
 * then the point release is LIMITS_POINT_ANY).
 */
static bool read_release(const char *root, struct limits_host *host)
{
    char major[16], minor[16], extra[64];

    if (!read_file(root, "/sys/hypervisor/version/major", major, sizeof(major)) ||
        !read_file(root, "/sys/hypervisor/version/minor", minor, sizeof(minor)) ||
        strtol(major, NULL, 10) != 4)
        return false;
    host->minor = (int)strtol(minor, NULL, 10);
    host->point = LIMITS_POINT_ANY;
    if (read_file(root, "/sys/hypervisor/version/extra", extra, sizeof(extra)) && extra[0] == '.' &&
        extra[1] >= '0' && extra[1] <= '9')
        host->point = (int)strtol(extra + 1, NULL, 10) % 100;
    return host->minor >= LIMITS_MINOR_MIN;
}

static enum limits_known known(bool yes)
{
    return yes ? LIMITS_YES : LIMITS_NO;
}

/* Xen up to 4.13 always lists xen-3.0-x86_32p; since 4.14 only if such guests can run. */
static void read_capabilities(const char *root, struct limits_host *host)
{
    char caps[512];

    if (!read_file(root, "/sys/hypervisor/properties/capabilities", caps, sizeof(caps)) || !*caps)
        return;
    host->pv = known(strstr(caps, "xen-3.0-x86_64") != NULL);
    host->pv32 = known(strstr(caps, "xen-3.0-x86_32p") != NULL);
    host->hvm = known(strstr(caps, "hvm-3.0-") != NULL);
}

/* Does the line contain the word, between blanks? */
static bool has_word(const char *line, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = line; (p = strstr(p, word)); p += n)
        if (p > line && (p[-1] == ' ' || p[-1] == '\t') && (p[n] == ' ' || p[n] == '\0'))
            return true;
    return false;
}

/*
 * Returns the value of the first line "key<tabs>: value", from the colon on; NULL: there is none.
 * Replaces the newline at its end with a NUL.
 */
static char *cpuinfo_line(char *text, const char *key)
{
    size_t n = strlen(key);
    char *p = text;

    while (p && strncmp(p, key, n) != 0) {
        p = strchr(p, '\n');
        p += p != NULL;
    }
    if (!p)
        return NULL;
    p[strcspn(p, "\n")] = '\0';
    return strchr(p, ':');
}

/*
 * A PV dom0 sees only the features that Xen allows for PV guests. If a feature is missing that only
 * HVM guests can have (marked S or H in cpufeatureset.h), it is unknown whether the CPU has it.
 */
static void read_cpu(const char *root, struct limits_host *host)
{
    static const bool hvm_only[LIMITS_CPU_COUNT] = {[LIMITS_CPU_MPX] = true,
                                                    [LIMITS_CPU_PCID] = true,
                                                    [LIMITS_CPU_SMEP] = true,
                                                    [LIMITS_CPU_SMAP] = true};
    char text[CPUINFO_MAX], guest_type[16], *vendor, *flags;
    bool pv = !read_file(root, "/sys/hypervisor/guest_type", guest_type, sizeof(guest_type)) ||
              strncmp(guest_type, "PV\n", 3) == 0;

    if (!read_file(root, "/proc/cpuinfo", text, sizeof(text)))
        return;
    flags = strstr(text, "\nflags");
    flags = flags ? cpuinfo_line(flags + 1, "flags") : NULL;
    vendor = cpuinfo_line(text, "vendor_id");
    if (vendor)
        host->vendor = strstr(vendor, "GenuineIntel")   ? LIMITS_VENDOR_INTEL
                       : strstr(vendor, "AuthenticAMD") ? LIMITS_VENDOR_AMD
                                                        : LIMITS_VENDOR_UNKNOWN;
    for (int i = 0; flags && i < LIMITS_CPU_COUNT; i++) {
        if (has_word(flags, limits_cpu_name((enum limits_cpu)i)))
            host->cpu[i] = LIMITS_YES;
        else if (!pv || !hvm_only[i])
            host->cpu[i] = LIMITS_NO;
    }
}

static void read_l1tf(const char *root, struct limits_host *host)
{
    char text[128];

    if (read_file(root, "/sys/devices/system/cpu/vulnerabilities/l1tf", text, sizeof(text)))
        host->l1tf = known(strncmp(text, "Not affected", strlen("Not affected")) != 0);
}

/* Searches the directories where Xen's build and distributions install device models. */
static void read_emulators(const char *root, struct limits_host *host)
{
    static const char *const patterns[] = {
        "/usr/lib*/xen*/bin/qemu-*",      "/usr/lib*/xen*/bin/libxl-save-helper",
        "/usr/local/lib/xen*/bin/qemu-*", "/usr/libexec/xen-qemu-system-*",
        "/usr/bin/qemu-system-*",
    };
    bool toolstack = false;

    host->emulators_complete = true;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        char full[256];
        glob_t found;

        snprintf(full, sizeof(full), "%s%s", root, patterns[i]);
        if (glob(full, 0, NULL, &found) != 0)
            continue;
        for (size_t j = 0; j < found.gl_pathc; j++) {
            const char *path = found.gl_pathv[j] + strlen(root);

            if (host->emulators_count == LIMITS_EMULATORS_MAX ||
                strlen(path) >= sizeof(host->emulators[0])) {
                host->emulators_complete = false;
                continue;
            }
            strcpy(host->emulators[host->emulators_count++], path);
            toolstack |= strstr(path, "/xen") != NULL;
            if (strcmp(strrchr(path, '/'), "/qemu-dm") == 0)
                host->qemu_traditional = LIMITS_YES;
        }
        globfree(&found);
    }
    /* Without any file of Xen's tools, they are probably installed elsewhere. */
    host->emulators_complete &= toolstack;
    if (toolstack && host->qemu_traditional == LIMITS_UNKNOWN)
        host->qemu_traditional = LIMITS_NO;
}

void limits_host_read(const char *root, struct limits_host *host)
{
    char type[16], path[256];

    *host = (struct limits_host){0};
    snprintf(path, sizeof(path), "%s/sys/hypervisor", root);
    if (access(path, F_OK) != 0 || !read_file(root, "/sys/hypervisor/type", type, sizeof(type)) ||
        strncmp(type, "xen", 3) != 0 || !read_release(root, host))
        return;
    host->given = host->is_local = true;
    read_capabilities(root, host);
    read_cpu(root, host);
    read_l1tf(root, host);
    read_emulators(root, host);
}
