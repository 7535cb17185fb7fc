/*
 * Configuration lines that make QEMU create the devices of an old state. They were tested with QEMU
 * 7.2 and 10.0 on Xen 4.17 and 4.20 (docs/real-xen.md).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "limits/limits.h"

/* An old machine type makes QEMU use the old formats of device states. */
#define OLD_MACHINE "pc-i440fx-3.1"

CLS_PRINTF(2, 3)
static void add_arg(struct limits_config_lines *lines, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(lines->args[lines->args_count++], sizeof(lines->args[0]), fmt, args);
    va_end(args);
}

/* Puts the VGA into its old slot; libxl's own is disabled, which would be in slot 3. */
static void place_vga(const struct limits_qemu_facts *qemu, struct limits_config_lines *lines)
{
    lines->vga = "none";
    lines->videoram = qemu->stdvga ? 16 : 8;
    add_arg(lines, "-device");
    if (qemu->stdvga)
        add_arg(lines, "VGA,vgamem_mb=16,addr=%02x%s", (unsigned)qemu->vga_slot,
                qemu->vga_revision_0 ? ",qemu-extended-regs=off" : "");
    else
        add_arg(lines, "cirrus-vga,vgamem_mb=8,addr=%02x", (unsigned)qemu->vga_slot);
}

/*
 * Puts the network cards of "vif" into their old slots. libxl creates them before the devices of
 * device_model_args_hvm and without a slot, so they would take those that the others need. It names
 * them nic0, nic1 and so on (libxl__build_device_model_args_new()).
 */
static void place_nics(const struct limits_facts *facts, struct limits_config_lines *lines)
{
    const struct limits_qemu_facts *qemu = &facts->qemu;
    uint32_t emulated = facts->config.emulated_nics;

    if (qemu->nic_count > LIMITS_NICS_MAX ||
        qemu->nic_count != (unsigned)__builtin_popcount(emulated))
        return;
    for (unsigned i = 0; i < qemu->nic_count; i++, emulated &= emulated - 1) {
        add_arg(lines, "-set");
        add_arg(lines, "device.nic%d.addr=%02x", __builtin_ctz(emulated),
                (unsigned)qemu->nic_slots[i]);
    }
}

bool limits_config_lines(const struct limits_facts *facts, const char *id,
                         struct limits_config_lines *lines)
{
    const struct limits_qemu_facts *qemu = &facts->qemu;

    *lines = (struct limits_config_lines){0};
    if (strcmp(id, "R3") == 0) {
        lines->viridian_off = true;
    } else if (strcmp(id, "R5") == 0) {
        lines->xen_platform_pci_off = true;
        add_arg(lines, "-machine");
        add_arg(lines, OLD_MACHINE);
        place_vga(qemu, lines);
        if (qemu->platform_slot >= 0) {
            add_arg(lines, "-device");
            add_arg(lines, "xen-platform,addr=%02x", (unsigned)qemu->platform_slot);
        }
        place_nics(facts, lines);
    } else if (strcmp(id, "R33") == 0) {
        add_arg(lines, "-global");
        add_arg(lines, "VGA.qemu-extended-regs=off");
    } else if (strcmp(id, "R34") == 0) {
        lines->no_soundhw = true;
        add_arg(lines, "-device");
        add_arg(lines, "%s,addr=%02x",
                strcmp(qemu->sound, "es1370") == 0 ? "ES1370"
                : strcmp(qemu->sound, "ac97") == 0 ? "AC97"
                                                   : qemu->sound,
                (unsigned)qemu->sound_slot);
        if (strcmp(qemu->sound, "intel-hda") == 0) { /* soundhw = "hda" has a codec, too */
            add_arg(lines, "-device");
            add_arg(lines, "hda-duplex");
        }
        place_vga(qemu, lines);
        place_nics(facts, lines);
    } else if (strcmp(id, "R36") == 0) {
        add_arg(lines, "-machine");
        add_arg(lines, OLD_MACHINE);
    } else {
        return false;
    }
    return true;
}

CLS_PRINTF(3, 4)
static void append(char *buf, size_t size, const char *fmt, ...)
{
    size_t used = strlen(buf);
    va_list args;

    va_start(args, fmt);
    vsnprintf(buf + used, size - used, fmt, args);
    va_end(args);
}

void limits_config_lines_text(const struct limits_config_lines *lines, char *buf, size_t size)
{
    buf[0] = '\0';
    if (lines->vga)
        append(buf, size, "vga = \"%s\"; ", lines->vga);
    if (lines->videoram)
        append(buf, size, "videoram = %u; ", lines->videoram);
    if (lines->viridian_off)
        append(buf, size, "viridian = 0; ");
    if (lines->xen_platform_pci_off)
        append(buf, size, "xen_platform_pci = 0; ");
    if (lines->no_soundhw)
        append(buf, size, "no soundhw; ");
    if (lines->args_count > 0)
        append(buf, size, "device_model_args_hvm = [ ");
    for (unsigned i = 0; i < lines->args_count; i++)
        append(buf, size, "\"%s\"%s", lines->args[i], i + 1 < lines->args_count ? ", " : " ]; ");
    if (strlen(buf) >= 2)
        buf[strlen(buf) - 2] = '\0'; /* the last "; " */
}
