#include "config/xend.h"

#include <stdio.h>
#include <string.h>

#include "shell_words.h"
#include "xend_parts.h"

bool xend_is_option(const char *value)
{
    return *value && !strchr(value, ',');
}

struct sexp xend_find_device(struct sexp child, const char *const *classes, struct sexp *device)
{
    for (; child.p; child = sexp_next(child)) {
        struct sexp key = sexp_first(child);

        *device = sexp_next(key);
        if (!sexp_is(key, "device"))
            continue;
        for (const char *const *class = classes; *class; class ++)
            if (sexp_is(sexp_first(*device), *class))
                return child;
    }
    return child;
}

/* xend takes the dashes wherever they are, xl only in their places. */
static bool read_uuid(const char *value, char uuid[37])
{
    size_t n = 0;

    for (; *value; value++) {
        if (*value == '-')
            continue;
        if (!strchr("0123456789abcdefABCDEF", *value) || n == 36)
            return false;
        if (n == 8 || n == 13 || n == 18 || n == 23)
            uuid[n++] = '-';
        uuid[n++] = *value;
    }
    uuid[n] = '\0';
    return n == 36;
}

/* xl cannot do without a name. */
static void put_identity(struct config_text *t, struct xend_guest *g)
{
    char name[XEND_VALUE_MAX], value[XEND_VALUE_MAX], uuid[37];

    if (!sexp_atom(sexp_next(sexp_first(g->items[xend_row("name")])), name, sizeof(name)) || !*name)
        snprintf(name, sizeof(name), "Domain-Unnamed");
    xl_put_string(t, "name", name);
    if (!xend_value(g, "uuid", value))
        return;
    if (read_uuid(value, uuid))
        xl_put_string(t, "uuid", uuid);
    else
        xend_unusable(g, "uuid");
}

static const char *const actions[] = {"destroy",  "restart",          "rename-restart",
                                      "preserve", "coredump-destroy", "coredump-restart",
                                      NULL};

/* xl's word for one of xend's, or of XenAPI's with underscores. */
static const char *action_of(char *value)
{
    static const char *const other[][2] = {{"coredump-and-destroy", "coredump-destroy"},
                                           {"coredump-and-restart", "coredump-restart"},
                                           {"never", "preserve"}};

    for (char *p = value; *p; p++)
        if (*p == '_')
            *p = '-';
    for (const char *const *action = actions; *action; action++)
        if (strcmp(*action, value) == 0)
            return *action;
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
        if (strcmp(other[i][0], value) == 0)
            return other[i][1];
    return NULL;
}

/* "restart", before the three on_...: onreboot, always or never. */
static const char *restart_action(const struct xend_guest *g, const char *event)
{
    char value[XEND_VALUE_MAX];

    if (!xend_value(g, "restart", value))
        return NULL;
    if (strcmp(value, "always") == 0)
        return "restart";
    if (strcmp(value, "onreboot") == 0)
        return strcmp(event, "on_reboot") == 0 ? "restart" : "destroy";
    return strcmp(value, "never") == 0 ? "destroy" : NULL;
}

static void put_action(struct config_text *t, struct xend_guest *g, const struct xend_setting *row)
{
    char value[XEND_VALUE_MAX];
    const char *action = NULL;

    if (xend_value(g, row->xend, value)) {
        action = action_of(value);
        if (!action)
            xend_unusable(g, row->xend);
    }
    if (!action)
        action = restart_action(g, row->xend);
    if (!action)
        action = row->absent;
    if (action)
        xl_put_string(t, row->xl, action);
}

static void put_row(struct config_text *t, struct xend_guest *g, const struct xend_setting *row)
{
    long long max = row->kind == XEND_FLAG ? 1 : INT32_MAX;
    long long min = row->kind == XEND_SIGNED ? INT32_MIN : 0;
    char value[XEND_VALUE_MAX];
    bool there = xend_value(g, row->xend, value);
    long long n;

    if (!there && row->absent)
        snprintf(value, sizeof(value), "%s", row->absent);
    else if (!there)
        return;
    if (row->omitted && strcmp(value, row->omitted) == 0)
        return;
    if (row->kind == XEND_TEXT)
        xl_put_string(t, row->xl, value);
    else if (xend_parse(value, min, max, &n))
        xl_put_number(t, row->xl, n);
    else
        xend_unusable(g, row->xend);
}

/* The settings that xl has by another name at most. */
static void put_rows(struct config_text *t, struct xend_guest *g)
{
    for (size_t i = 0; i < xend_setting_count; i++) {
        const struct xend_setting *row = &xend_settings[i];

        if (!(row->guests & (g->hvm ? XEND_HVM : XEND_PV)))
            continue;
        if (row->kind == XEND_ACTION)
            put_action(t, g, row);
        else if (row->kind <= XEND_FLAG)
            put_row(t, g, row);
    }
}

/* A number or a name becomes the name. */
static void put_tsc_mode(struct config_text *t, struct xend_guest *g)
{
    static const char *const modes[] = {"default", "always_emulate", "native"};
    char value[XEND_VALUE_MAX];
    long long n;

    if (!xend_value(g, "tsc_mode", value))
        return;
    if (xend_parse(value, 0, 2, &n)) {
        xl_put_string(t, "tsc_mode", modes[n]);
        return;
    }
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(value, modes[i]) == 0) {
            xl_put_string(t, "tsc_mode", value);
            return;
        }
    xend_unusable(g, "tsc_mode"); /* PVRDTSCP: Xen 4.12 and later have none */
}

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

/* The command line: root and ip go before, unless the arguments have them (Xen 3.0 to 4.4). */
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

static void put_file(struct config_text *t, const struct xend_guest *g, const char *key)
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
        /* Its kernel and ramdisk were temporary files. */
        xl_put_string(t, "bootloader", value);
        put_boot_arguments(t, g);
    } else if (xend_value(g, "kernel", value)) {
        xl_put_string(t, "kernel", value);
        put_file(t, g, "ramdisk");
    } else {
        xl_put(t,
               "# xend names neither kernel nor bootloader, and xl wants one of them; a restore\n"
               "# uses neither.\nbootloader = \"pygrub\"\n");
    }
    put_command_line(t, g);
}

static bool is_hvmloader(const char *path)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash ? slash + 1 : path, "hvmloader") == 0;
}

/* Without a loader the kernel is one (Xen 3.x); xl takes ramdisk and arguments with a kernel only.
 */
static void put_hvm_boot(struct config_text *t, struct xend_guest *g)
{
    char value[XEND_VALUE_MAX];

    xl_put(t, "type = \"hvm\"\nbuilder = \"hvm\"\n");
    xl_put(t, "device_model_version = \"qemu-xen-traditional\"\n");
    if (!g->items[xend_row("loader")].p || !xend_value(g, "kernel", value) || is_hvmloader(value))
        return;
    xl_put_string(t, "kernel", value);
    put_file(t, g, "ramdisk");
    put_command_line(t, g);
}

/* What xend's 1 was to the hypervisor; xl's 1 is more, and Xen 4.6 to 4.14 refuse that. */
static void put_viridian(struct config_text *t, struct xend_guest *g)
{
    char value[XEND_VALUE_MAX];
    long long n;

    if (!xend_value(g, "viridian", value))
        return;
    if (!xend_parse(value, 0, 1, &n))
        xend_unusable(g, "viridian");
    else if (n == 0)
        xl_put_number(t, "viridian", 0);
    else
        xl_put(t, "viridian = [\"base\", \"freq\"]\n");
}

/* xl refuses less than 8 MiB with stdvga and qemu-traditional (libxl_create.c of Xen 4.17). */
static void put_videoram(struct config_text *t, struct xend_guest *g)
{
    long long n = xend_number(g, "videoram", -1);

    if (n >= 0 && n < 8 && xend_number(g, "stdvga", 0) != 0)
        n = 8;
    if (n >= 0)
        xl_put_number(t, "videoram", n);
}

/* One atom is a value, several are a list. */
static void put_one_or_list(struct config_text *t, struct xend_guest *g, const char *key)
{
    struct sexp value = sexp_next(sexp_first(g->items[xend_row(key)]));
    char item[XEND_VALUE_MAX];

    if (!sexp_is_list(value)) {
        put_file(t, g, key);
        return;
    }
    value = sexp_first(value);
    if (!value.p)
        return;
    xl_list_begin(t, key);
    for (; value.p; value = sexp_next(value))
        if (sexp_atom(value, item, sizeof(item)) && *item)
            xl_item(t, item);
    xl_list_end(t);
}

/* What xend passed to QEMU, and xl has no setting for. */
static void put_qemu_arguments(struct config_text *t, struct xend_guest *g)
{
    static const char *const arguments[][2] = {
        {"parallel", "-parallel"}, {"fda", "-fda"}, {"fdb", "-fdb"}};
    bool begun = false;

    for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
        char value[XEND_VALUE_MAX];

        if (!xend_value(g, arguments[i][0], value) || strcmp(value, "none") == 0)
            continue;
        if (!begun)
            xl_list_begin(t, "device_model_args_hvm");
        begun = true;
        xl_item(t, arguments[i][1]);
        xl_item(t, value);
    }
    if (begun)
        xl_list_end(t);
}

static void put_hvm(struct config_text *t, struct xend_guest *g)
{
    char value[XEND_VALUE_MAX];
    long long n;

    if (xend_value(g, "timer_mode", value) && xend_parse(value, 0, 3, &n))
        xl_put_number(t, "timer_mode", n);
    else if (*value)
        xend_unusable(g, "timer_mode");
    put_viridian(t, g);
    put_videoram(t, g);
    put_one_or_list(t, g, "serial");
    put_one_or_list(t, g, "usbdevice");
    if (!xend_value(g, "soundhw", value) && xend_number(g, "enable_audio", 0) != 0)
        xl_put_string(t, "soundhw", "sb16");
    put_qemu_arguments(t, g);
    if (xend_value(g, "device_model", value) && !strstr(value, "qemu-dm"))
        xend_unusable(g, "device_model");
}

/* Is the value nothing that anybody would miss? */
static bool is_harmless(struct sexp item, const struct xend_setting *row)
{
    struct sexp value = sexp_next(sexp_first(item));
    char text[XEND_VALUE_MAX];

    if (sexp_is_list(value))
        return !sexp_first(value).p;
    return !value.p || (sexp_atom(value, text, sizeof(text)) &&
                        (*text == '\0' || strcmp(text, "None") == 0 ||
                         (row && row->omitted && strcmp(text, row->omitted) == 0)));
}

static void put_lost_item(struct config_text *t, struct xend_guest *g, struct sexp item)
{
    const struct xend_setting *row = NULL;
    char key[64];
    size_t i = xend_setting_count;

    if (sexp_atom(sexp_first(item), key, sizeof(key)) && strcmp(key, "device") == 0)
        return;
    if (*key)
        i = xend_row(key);
    if (i < xend_setting_count) {
        row = &xend_settings[i];
        if (!g->unusable[i] && row->kind != XEND_NONE)
            return;
        if (!(row->guests & (g->hvm ? XEND_HVM : XEND_PV)))
            return;
    }
    if (!is_harmless(item, row))
        xend_put_lost(t, g, item, "");
}

static void put_lost_items(struct config_text *t, struct xend_guest *g)
{
    struct sexp item = sexp_next(sexp_first(g->domain));

    for (; item.p; item = sexp_next(item))
        put_lost_item(t, g, item);
    for (item = sexp_next(sexp_first(g->image)); item.p; item = sexp_next(item))
        put_lost_item(t, g, item);
}

static bool is_one_of(struct sexp atom, const char *const *names)
{
    for (; *names; names++)
        if (sexp_is(atom, *names))
            return true;
    return false;
}

/* Devices that none of the lists has. Consoles and keyboards, xl makes by itself. */
static void put_lost_devices(struct config_text *t, struct xend_guest *g)
{
    static const char *const known[] = {"vbd",  "tap", "tap2",    "vif", "vfb",
                                        "vkbd", "pci", "console", NULL};
    struct sexp item = sexp_next(sexp_first(g->domain));

    for (; item.p; item = sexp_next(item)) {
        struct sexp device = sexp_next(sexp_first(item));

        if (sexp_is(sexp_first(item), "device") && device.p &&
            !is_one_of(sexp_first(device), known))
            xend_put_lost(t, g, device, "");
    }
}

/* Everything, item by item, for the reader to compare with. */
static void put_original(struct config_text *t, struct sexp domain)
{
    struct sexp item = sexp_next(sexp_first(domain));

    xl_put(t, "\n# xend's configuration:\n");
    for (; item.p; item = sexp_next(item)) {
        xl_put(t, "# ");
        xl_put_comment(t, item.p, sexp_length(item));
        xl_put(t, "\n");
    }
}

unsigned config_from_xend(struct sexp domain, enum guest_type guest, struct config_text *t)
{
    struct xend_guest g;

    xend_guest_read(&g, domain, guest);
    xl_put(t,
           "# Made from xend's configuration by convert-legacy-stream. Review it: paths, bridges "
           "and\n# devices are those of the host that saved the domain.\n");
    put_identity(t, &g);
    if (g.hvm)
        put_hvm_boot(t, &g);
    else
        put_pv_boot(t, &g);
    xend_put_size(t, &g);
    put_rows(t, &g);
    put_tsc_mode(t, &g);
    if (g.hvm)
        put_hvm(t, &g);
    xend_put_pinning(t, &g);
    xend_put_cpuid(t, &g);
    xend_put_disks(t, &g);
    xend_put_vifs(t, &g);
    xend_put_graphics(t, &g);
    xend_put_pci(t, &g);
    put_lost_items(t, &g);
    put_lost_devices(t, &g);
    put_original(t, domain);
    return g.lost;
}
