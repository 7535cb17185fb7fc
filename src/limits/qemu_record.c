/*
 * A qemu record is a list of sections without lengths (savevm.c of QEMU 0.9 to 2.0), so it cannot
 * be parsed without QEMU. It is searched for names of sections, each preceded by a byte with the
 * length of the name. For a change, the complete section header must match.
 */
#include <string.h>

#include "base/bytes.h"
#include "limits/facts.h"

#define SECTION_FULL 4

/* Section header: u8 type, u32 id, u8 length, name, u32 instance, u32 version. */
#define HEADER_BEFORE_NAME 5
#define HEADER_AFTER_NAME  8

/* kvm-tpr-opt: struct VAPICROMState of hw/i386/kvmvapic.c. */
#define TPR_BODY 144

/* First word of the PCI configuration space: vendor 1234, device 1111. */
#define VGA_ID 0x34121111u

/* Offset of the revision in the stdvga's section: u32 version, then the configuration space. */
#define VGA_REVISION 12

static const char pci_prefix[] = "0000:00:"; /* domain and bus; device, '.', function, '/' follow */
#define PCI_NAME 13                          /* length of the prefix with the '/' */

/* Advances *pos to the next occurrence of name that is preceded by its length. */
static bool find_name(const uint8_t *bytes, size_t len, const char *name, size_t *pos)
{
    size_t n = strlen(name);

    while (*pos < len) {
        const uint8_t *found = memmem(bytes + *pos, len - *pos, name, n);

        if (!found)
            return false;
        *pos = (size_t)(found - bytes);
        if (*pos > 0 && found[-1] == n)
            return true;
        ++*pos;
    }
    return false;
}

bool qemu_find_section(const uint8_t *bytes, size_t len, const char *name, size_t *offset,
                       size_t *body)
{
    size_t n = strlen(name);

    for (size_t pos = 0; find_name(bytes, len, name, &pos); pos++) {
        if (pos < HEADER_BEFORE_NAME + 1 || bytes[pos - 1 - HEADER_BEFORE_NAME] != SECTION_FULL ||
            len - pos < n + HEADER_AFTER_NAME)
            continue;
        *offset = pos - 1 - HEADER_BEFORE_NAME;
        *body = pos + n + HEADER_AFTER_NAME;
        return true;
    }
    return false;
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
    return n == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0);
}

/* Sections are numbered: if the id of the next one is higher by 1, no other one is in between. */
bool qemu_find_kvm_tpr_opt(const uint8_t *bytes, size_t len, size_t *offset, size_t *size)
{
    size_t body, next;

    if (!qemu_find_section(bytes, len, "kvm-tpr-opt", offset, &body))
        return false;
    next = body + TPR_BODY;
    *size = next - *offset;
    return next <= len && len - next > HEADER_BEFORE_NAME && is_zero(bytes + body, TPR_BODY) &&
           bytes[next] == SECTION_FULL &&
           get_be32(bytes + next + 1) == get_be32(bytes + *offset + 1) + 1;
}

/* Returns the slot in the name of a section, 3 for "0000:00:03.0/vga"; -1: another format. */
static int parse_slot(const uint8_t *name, size_t n)
{
    int slot = 0;

    if (n < PCI_NAME || memcmp(name, pci_prefix, sizeof(pci_prefix) - 1) != 0 || name[10] != '.' ||
        name[12] != '/')
        return -1;
    for (int i = 8; i < 10; i++) {
        if (name[i] >= '0' && name[i] <= '9')
            slot = slot * 16 + (name[i] - '0');
        else if (name[i] >= 'a' && name[i] <= 'f')
            slot = slot * 16 + (name[i] - 'a' + 10);
        else
            return -1;
    }
    return slot;
}

static bool find_vga(const uint8_t *bytes, size_t len, size_t *body)
{
    char name[] = "0000:00:00.0/vga";
    size_t offset;

    for (unsigned slot = 0; slot < 32; slot++) {
        static const char digits[] = "0123456789abcdef";

        name[8] = digits[slot / 16];
        name[9] = digits[slot % 16];
        if (qemu_find_section(bytes, len, name, &offset, body))
            return true;
    }
    return false;
}

bool qemu_find_vga_revision(const uint8_t *bytes, size_t len, size_t *offset)
{
    size_t body;

    if (!find_vga(bytes, len, &body) || len - body <= VGA_REVISION ||
        get_be32(bytes + body + 4) != VGA_ID || bytes[body + VGA_REVISION] != 0)
        return false;
    *offset = body + VGA_REVISION;
    return true;
}

static bool is_named(const char *device, size_t n, const char *name)
{
    return n == strlen(name) && memcmp(device, name, n) == 0;
}

static void collect_nic(struct limits_qemu_facts *facts, int slot, const char *device, size_t n)
{
    static const char *const names[] = {"rtl8139", "e1000", "ne2000", "pcnet"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!is_named(device, n, names[i]))
            continue;
        if (facts->nic_count < LIMITS_NICS_MAX)
            facts->nic_slots[facts->nic_count] = slot;
        facts->nic_count++;
    }
}

/* Collects the facts of a device of bus 0. device: the rest of the section's name, n bytes. */
static void collect_device(struct limits_qemu_facts *facts, int slot, const char *device, size_t n)
{
    static const char *const sounds[] = {"es1370", "ac97", "intel-hda"};
    bool cirrus = is_named(device, n, "cirrus_vga");

    if (cirrus || is_named(device, n, "vga")) {
        facts->vga_slot = slot;
        facts->stdvga = !cirrus;
    } else if (is_named(device, n, "platform")) {
        facts->platform_slot = slot;
    } else if (is_named(device, n, "piix4_pm")) {
        facts->kind = LIMITS_QEMU_UPSTREAM;
    }
    for (size_t i = 0; i < sizeof(sounds) / sizeof(sounds[0]); i++) {
        if (!is_named(device, n, sounds[i]))
            continue;
        facts->sound_slot = slot;
        memcpy(facts->sound, sounds[i], n + 1);
    }
    collect_nic(facts, slot, device, n);
}

void qemu_facts(struct limits_qemu_facts *facts, const uint8_t *bytes, size_t len)
{
    const uint8_t *found;
    size_t pos = 0, unused, size;

    facts->kind = LIMITS_QEMU_UNKNOWN;
    facts->nic_count = 0;
    while ((found = memmem(bytes + pos, len - pos, pci_prefix, sizeof(pci_prefix) - 1))) {
        size_t at = (size_t)(found - bytes), n = at > 0 ? found[-1] : 0;
        int slot = n <= len - at ? parse_slot(found, n) : -1;

        if (slot >= 0)
            collect_device(facts, slot, (const char *)found + PCI_NAME, n - PCI_NAME);
        pos = at + 1;
    }
    pos = 0;
    if (facts->kind == LIMITS_QEMU_UNKNOWN && find_name(bytes, len, "piix4acpi", &pos))
        facts->kind = LIMITS_QEMU_TRADITIONAL;
    facts->kvm_tpr_opt = qemu_find_section(bytes, len, "kvm-tpr-opt", &unused, &size);
    facts->vga_revision_0 = qemu_find_vga_revision(bytes, len, &unused);
}
