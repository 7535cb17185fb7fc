#include "config/xend.h"

#include <stdio.h>
#include <string.h>

#include "xend_parts.h"

/* Puts the dashes into their places, as xl requires; xend ignores them. */
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

/* name and uuid. A name is required by xl. */
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
        xend_mark_unusable(g, "uuid");
}

static const char *const actions[] = {"destroy",  "restart",          "rename-restart",
                                      "preserve", "coredump-destroy", "coredump-restart",
                                      NULL};

/* Translates xend's name of an action, or XenAPI's (with underscores), to xl's; NULL: unknown. */
static const char *translate_action(char *value)
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

/* The action by the older setting "restart": onreboot, always or never; NULL: none. */
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
        action = translate_action(value);
        if (!action)
            xend_mark_unusable(g, row->xend);
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
    bool present = xend_value(g, row->xend, value);
    long long n;

    if (!present && row->absent)
        snprintf(value, sizeof(value), "%s", row->absent);
    else if (!present)
        return;
    if (row->omitted && strcmp(value, row->omitted) == 0)
        return;
    if (row->kind == XEND_TEXT)
        xl_put_string(t, row->xl, value);
    else if (xend_parse(value, min, max, &n))
        xl_put_number(t, row->xl, n);
    else
        xend_mark_unusable(g, row->xend);
}

/* Settings that need no code of their own. */
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

/* Writes the name of the mode; xend accepts a number or a name. */
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
    xend_mark_unusable(g, "tsc_mode"); /* such as PVRDTSCP, which Xen 4.12 removed */
}

/* xend's viridian = 1 sets fewer features than xl's, which Xen 4.6 to 4.14 would reject. */
static void put_viridian(struct config_text *t, struct xend_guest *g)
{
    char value[XEND_VALUE_MAX];
    long long n;

    if (!xend_value(g, "viridian", value))
        return;
    if (!xend_parse(value, 0, 1, &n))
        xend_mark_unusable(g, "viridian");
    else if (n == 0)
        xl_put_number(t, "viridian", 0);
    else
        xl_put(t, "viridian = [\"base\", \"freq\"]\n");
}

/* xl rejects less than 8 MiB with stdvga and qemu-traditional (libxl_create.c of Xen 4.17). */
static void put_videoram(struct config_text *t, struct xend_guest *g)
{
    long long n = xend_number(g, "videoram", -1);

    if (n >= 0 && n < 8 && xend_number(g, "stdvga", 0) != 0)
        n = 8;
    if (n >= 0)
        xl_put_number(t, "videoram", n);
}

/* Writes an atom as a value, and a list as a list. */
static void put_value_or_list(struct config_text *t, struct xend_guest *g, const char *key)
{
    struct sexp value = sexp_next(sexp_first(g->items[xend_row(key)]));
    char item[XEND_VALUE_MAX];

    if (!sexp_is_list(value)) {
        xend_put_text(t, g, key);
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

/* Settings that xend passes to QEMU and that xl does not have. */
static void put_qemu_arguments(struct config_text *t, struct xend_guest *g)
{
    static const char *const arguments[][2] = {
        {"parallel", "-parallel"}, {"fda", "-fda"}, {"fdb", "-fdb"}};
    bool started = false;

    for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
        char value[XEND_VALUE_MAX];

        if (!xend_value(g, arguments[i][0], value) || strcmp(value, "none") == 0)
            continue;
        if (!started)
            xl_list_begin(t, "device_model_args_hvm");
        started = true;
        xl_item(t, arguments[i][1]);
        xl_item(t, value);
    }
    if (started)
        xl_list_end(t);
}

static void put_hvm(struct config_text *t, struct xend_guest *g)
{
    char value[XEND_VALUE_MAX];
    long long n;

    if (xend_value(g, "timer_mode", value) && xend_parse(value, 0, 3, &n))
        xl_put_number(t, "timer_mode", n);
    else if (*value)
        xend_mark_unusable(g, "timer_mode");
    put_viridian(t, g);
    put_videoram(t, g);
    put_value_or_list(t, g, "serial");
    put_value_or_list(t, g, "usbdevice");
    if (!xend_value(g, "soundhw", value) && xend_number(g, "enable_audio", 0) != 0)
        xl_put_string(t, "soundhw", "sb16");
    put_qemu_arguments(t, g);
    if (xend_value(g, "device_model", value) && !strstr(value, "qemu-dm"))
        xend_mark_unusable(g, "device_model");
}

unsigned config_from_xend(struct sexp domain, enum guest_type guest, struct config_text *t)
{
    struct xend_guest g;

    xend_guest_read(&g, domain, guest);
    xl_put(t,
           "# Made from xend's configuration by convert-legacy-stream. Review it: paths, bridges "
           "and\n# devices are those of the host that saved the domain.\n");
    put_identity(t, &g);
    xend_put_boot(t, &g);
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
    xend_put_rest(t, &g);
    return g.lost;
}
