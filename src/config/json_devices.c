/*
 * Lists of devices.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_put.h"

#define ALL_FUNCTIONS 0xffffffff /* LIBXL_PCI_FUNC_ALL in libxl.h */

/* State while the options of a device are written, separated by commas. */
struct options {
    struct json_text *t;
    struct json_object *device;
    const char *comma;
};

static void put_option(struct options *o, const char *key, const char *value)
{
    xl_put(o->t->text, o->comma);
    xl_put(o->t->text, key);
    xl_put(o->t->text, "=");
    xl_put_part(o->t->text, value);
    o->comma = ",";
}

/* Writes a string member as an option. Fails if it contains a comma. */
static bool put_member(struct options *o, const char *json, const char *key)
{
    const char *value = json_text(o->t->c, json_member(o->t->c, o->device, json));

    if (!value || !*value)
        return true;
    if (strchr(value, ','))
        return json_text_fail(o->t, json);
    put_option(o, key, value);
    return true;
}

/* Fails if the device has a member that is not known, unless its value is false or 0. */
static bool check_members(struct json_text *t, struct json_object *device, const char *const *known)
{
    const struct lazy_json *json = t->c->json;

    if (!json->json_object_is_type(device, json_type_object))
        return json_text_fail(t, "a device");
    for (struct lh_entry *e = json->json_object_get_object(device)->head; e; e = e->next) {
        const char *const *key = known;
        int64_t n;

        while (*key && strcmp(*key, e->k) != 0)
            key++;
        if (*key || json_bool_of(t->c, (struct json_object *)(uintptr_t)e->v) == JSON_FALSE ||
            (json_integer(t->c, (struct json_object *)(uintptr_t)e->v, &n) && n == 0))
            continue;
        return json_text_fail(t, e->k);
    }
    return true;
}

static bool put_devices(struct json_text *t, const char *key, struct json_object *devices,
                        const char *const *known, bool (*put)(struct options *o))
{
    size_t count = json_length(t->c, devices);

    if (count == 0)
        return true;
    xl_list_begin(t->text, key);
    for (size_t i = 0; i < count; i++) {
        struct options o = {t, json_at(t->c, devices, i), ""};

        if (!check_members(t, o.device, known))
            return false;
        xl_item_begin(t->text);
        if (!put(&o))
            return false;
        xl_item_end(t->text);
    }
    xl_list_end(t->text);
    return true;
}

static bool is_set(struct options *o, const char *key)
{
    return json_bool_of(o->t->c, json_member(o->t->c, o->device, key)) == JSON_TRUE;
}

static bool put_disk(struct options *o)
{
    const char *path = json_text(o->t->c, json_member(o->t->c, o->device, "pdev_path"));

    if (!put_member(o, "format", "format") || !put_member(o, "vdev", "vdev"))
        return false;
    put_option(o, "access", is_set(o, "readwrite") ? "rw" : "ro");
    if (is_set(o, "is_cdrom"))
        put_option(o, "devtype", "cdrom");
    if (!put_member(o, "backend", "backendtype") || !put_member(o, "backend_domname", "backend") ||
        !put_member(o, "script", "script"))
        return false;
    if (is_set(o, "direct_io_safe"))
        xl_put(o->t->text, ",direct-io-safe");
    if (json_member(o->t->c, o->device, "discard_enable"))
        xl_put(o->t->text, is_set(o, "discard_enable") ? ",discard" : ",no-discard");
    put_option(o, "target", path ? path : ""); /* last: it may contain commas */
    return true;
}

bool json_put_disks(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    static const char *const known[] = {
        "backend_domid",  "backend_domname", "pdev_path", "vdev",      "backend",
        "format",         "script",          "removable", "readwrite", "is_cdrom",
        "direct_io_safe", "discard_enable",  NULL};

    return put_devices(t, row->xl, value, known, put_disk);
}

/* Converts bytes per interval and the interval in microseconds to bytes per second. */
static void put_rate(struct options *o)
{
    int64_t bytes, usecs;
    char rate[64];

    if (!json_integer(o->t->c, json_member(o->t->c, o->device, "rate_bytes_per_interval"),
                      &bytes) ||
        !json_integer(o->t->c, json_member(o->t->c, o->device, "rate_interval_usecs"), &usecs) ||
        bytes == 0 || usecs == 0 || bytes > INT64_MAX / 1000000)
        return;
    snprintf(rate, sizeof(rate), "%" PRId64 "B/s@%" PRId64 "us", bytes * 1000000 / usecs, usecs);
    put_option(o, "rate", rate);
}

static bool put_nic(struct options *o)
{
    static const char *const members[][2] = {{"mac", "mac"},
                                             {"bridge", "bridge"},
                                             {"script", "script"},
                                             {"ip", "ip"},
                                             {"model", "model"},
                                             {"ifname", "vifname"},
                                             {"gatewaydev", "gatewaydev"},
                                             {"backend_domname", "backend"}};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (!put_member(o, members[i][0], members[i][1]))
            return false;
    if (json_text_is(o->t->c, json_member(o->t->c, o->device, "nictype"), "vif_ioemu"))
        put_option(o, "type", "ioemu");
    else if (json_text_is(o->t->c, json_member(o->t->c, o->device, "nictype"), "vif"))
        put_option(o, "type", "vif");
    put_rate(o);
    return true;
}

bool json_put_nics(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    static const char *const known[] = {"backend_domid",
                                        "backend_domname",
                                        "devid",
                                        "mtu",
                                        "model",
                                        "mac",
                                        "ip",
                                        "bridge",
                                        "ifname",
                                        "script",
                                        "nictype",
                                        "rate_bytes_per_interval",
                                        "gatewaydev",
                                        "rate_interval_usecs",
                                        NULL};

    return put_devices(t, row->xl, value, known, put_nic);
}

static bool put_pci(struct options *o)
{
    static const char *const flags[] = {"msitranslate", "power_mgmt", "permissive", "seize"};
    static const char *const parts[] = {"domain", "bus", "dev", "func"};
    int64_t n[4] = {0}, slot, mask;
    char text[64];

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        (void)json_integer(o->t->c, json_member(o->t->c, o->device, parts[i]), &n[i]);
    if (n[0] > 0xffff || n[1] > 0xff || n[2] > 0x1f || n[3] > 7)
        return json_text_fail(o->t, "a PCI device");
    snprintf(text, sizeof(text), "%04x:%02x:%02x.", (unsigned)n[0], (unsigned)n[1], (unsigned)n[2]);
    xl_put(o->t->text, text);
    snprintf(text, sizeof(text), "%x", (unsigned)n[3]);
    xl_put(o->t->text,
           json_integer(o->t->c, json_member(o->t->c, o->device, "vfunc_mask"), &mask) &&
                   mask == ALL_FUNCTIONS
               ? "*"
               : text);
    if (json_integer(o->t->c, json_member(o->t->c, o->device, "vdevfn"), &slot) && slot > 0 &&
        slot <= 0xff) {
        snprintf(text, sizeof(text), "@%x", (unsigned)slot >> 3);
        xl_put(o->t->text, text);
    }
    o->comma = ",";
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (is_set(o, flags[i]))
            put_option(o, flags[i], "1");
    return true;
}

bool json_put_pcidevs(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    static const char *const known[] = {
        "func",         "dev",        "bus",        "domain", "vdevfn", "vfunc_mask",
        "msitranslate", "power_mgmt", "permissive", "seize",  NULL};

    return put_devices(t, row->xl, value, known, put_pci);
}

static void put_flag(struct options *o, struct json_object *from, const char *json, const char *key)
{
    enum json_bool is = json_bool_of(o->t->c, json_member(o->t->c, from, json));

    if (is != JSON_DEFAULT)
        put_option(o, key, is == JSON_TRUE ? "1" : "0");
}

static bool put_vfb(struct options *o)
{
    struct json_object *vfb = o->device, *vnc = json_member(o->t->c, vfb, "vnc");
    struct json_object *sdl = json_member(o->t->c, vfb, "sdl");
    int64_t display;
    char number[32];

    put_flag(o, vnc, "enable", "vnc");
    put_flag(o, vnc, "findunused", "vncunused");
    if (json_integer(o->t->c, json_member(o->t->c, vnc, "display"), &display)) {
        snprintf(number, sizeof(number), "%" PRId64, display);
        put_option(o, "vncdisplay", number);
    }
    o->device = vnc;
    if (!put_member(o, "listen", "vnclisten") || !put_member(o, "passwd", "vncpasswd"))
        return false;
    put_flag(o, sdl, "enable", "sdl");
    put_flag(o, sdl, "opengl", "opengl");
    o->device = sdl;
    if (!put_member(o, "display", "display") || !put_member(o, "xauthority", "xauthority"))
        return false;
    o->device = vfb;
    return put_member(o, "keymap", "keymap");
}

bool json_put_vfbs(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    static const char *const known[] = {"backend_domid", "backend_domname", "devid", "vnc",
                                        "sdl",           "keymap",          NULL};

    return put_devices(t, row->xl, value, known, put_vfb);
}
