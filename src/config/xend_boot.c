/*
 * Type, kernel, bootloader and command line.
 */
#include <stdio.h>
#include <string.h>

#include "shell_words.h"
#include "xend_parts.h"

static void put_boot_arguments(struct config_text *t, struct xend_guest *g)
{
    char value[XEND_VALUE_MAX], *left = value, *word;

    if (!xend_value(g, "bootloader_args", value))
        return;
    xl_list_begin(t, "bootloader_args");
    while (shell_word(&left, &word))
        xl_item(t, word);
    xl_list_end(t);
}

/* root and ip precede the arguments, unless those contain them (as xend of Xen 3.0 to 4.4). */
static void put_command_line(struct config_text *t, struct xend_guest *g)
{
    char args[XEND_VALUE_MAX], root[XEND_VALUE_MAX], ip[XEND_VALUE_MAX];
    char line[3 * XEND_VALUE_MAX + 16];
    bool with_root, with_ip;

    (void)xend_value(g, "args", args);
    with_ip = xend_value(g, "ip", ip) && !strstr(args, "ip=");
    with_root = xend_value(g, "root", root) && !strstr(args, "root=");
    snprintf(line, sizeof(line), "%s%s%s%s%s%s%s", with_root ? "root=" : "", with_root ? root : "",
             with_root ? " " : "", with_ip ? "ip=" : "", with_ip ? ip : "", with_ip ? " " : "",
             args);
    if (*line && line[strlen(line) - 1] == ' ')
        line[strlen(line) - 1] = '\0';
    if (*line)
        xl_put_string(t, "extra", line);
}

void xend_put_text(struct config_text *t, const struct xend_guest *g, const char *key)
{
    char value[XEND_VALUE_MAX];

    if (xend_value(g, key, value))
        xl_put_string(t, key, value);
}

static void put_pv_boot(struct config_text *t, struct xend_guest *g)
{
    char value[XEND_VALUE_MAX];

    xl_put(t, "type = \"pv\"\n");
    if (xend_value(g, "bootloader", value)) {
        /* kernel and ramdisk are temporary files that the bootloader extracted. */
        xl_put_string(t, "bootloader", value);
        put_boot_arguments(t, g);
    } else if (xend_value(g, "kernel", value)) {
        xl_put_string(t, "kernel", value);
        xend_put_text(t, g, "ramdisk");
    } else {
        xl_put(
            t,
            "# xend's configuration has no kernel or bootloader. xl requires one; a restore does\n"
            "# not use it.\nbootloader = \"pygrub\"\n");
    }
    put_command_line(t, g);
}

static bool is_hvmloader(const char *path)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash ? slash + 1 : path, "hvmloader") == 0;
}

/*
 * Without a setting "loader", the kernel is the firmware (Xen 3.x). xl accepts ramdisk and
 * arguments only together with a kernel.
 */
static void put_hvm_boot(struct config_text *t, struct xend_guest *g)
{
    char value[XEND_VALUE_MAX];

    xl_put(t, "type = \"hvm\"\nbuilder = \"hvm\"\n");
    xl_put(t, "device_model_version = \"qemu-xen-traditional\"\n");
    if (!g->items[xend_row("loader")].p || !xend_value(g, "kernel", value) || is_hvmloader(value))
        return;
    xl_put_string(t, "kernel", value);
    xend_put_text(t, g, "ramdisk");
    put_command_line(t, g);
}

void xend_put_boot(struct config_text *t, struct xend_guest *g)
{
    if (g->hvm)
        put_hvm_boot(t, g);
    else
        put_pv_boot(t, g);
}
