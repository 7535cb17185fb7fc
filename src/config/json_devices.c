#include "json_devices.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "xl_text.h"

bool json_text_fail(struct json_text *t, const char *key)
{
    return cls_fail(t->err, CLS_BAD_INPUT, "%s of the configuration cannot be written as xl's text",
                    key);
}

size_t json_length(const struct json_config *c, struct json_object *array)
{
    return array && c->json->json_object_is_type(array, json_type_array)
               ? c->json->json_object_array_length(array)
               : 0;
}

struct json_object *json_at(const struct json_config *c, struct json_object *array, size_t i)
{
    return c->json->json_object_array_get_idx(array, i);
}

bool json_put_type(struct json_text *t, struct json_object *value)
{
    if (json_text_is(t->c, value, "hvm"))
        xl_put(t->text, "type = \"hvm\"\nbuilder = \"hvm\"\n");
    else if (json_text_is(t->c, value, "pv"))
        xl_put(t->text, "type = \"pv\"\n");
    else
        return json_text_fail(t, "type");
    return true;
}

bool json_put_vcpus(struct json_text *t, struct json_object *value)
{
    size_t count = json_length(t->c, value);

    if (count > 0)
        xl_put_number(t->text, "vcpus", (long long)count);
    return true;
}

/* Writes an array of CPU numbers as "0,1,2". */
static bool put_cpus(struct json_text *t, struct json_object *cpus)
{
    size_t count = json_length(t->c, cpus);

    xl_item_begin(t->text);
    for (size_t i = 0; i < count; i++) {
        char number[32];
        int64_t n;

        if (!json_integer(t->c, json_at(t->c, cpus, i), &n))
            return json_text_fail(t, "affinity");
        snprintf(number, sizeof(number), i > 0 ? ",%" PRId64 : "%" PRId64, n);
        xl_put(t->text, number);
    }
    xl_put(t->text, count > 0 ? "" : "all");
    xl_item_end(t->text);
    return true;
}

bool json_put_affinity(struct json_text *t, const char *key, struct json_object *value)
{
    size_t count = json_length(t->c, value);

    if (count == 0)
        return true;
    xl_list_begin(t->text, key);
    for (size_t i = 0; i < count; i++)
        if (!put_cpus(t, json_at(t->c, value, i)))
            return false;
    xl_list_end(t->text);
    return true;
}

/* Writes nothing for 0, which PV guests have. */
bool json_put_videoram(struct json_text *t, struct json_object *value)
{
    int64_t n;

    if (json_integer(t->c, value, &n) && n > 0)
        xl_put_number(t->text, "videoram", (n + 1023) / 1024);
    return true;
}

/* Writes {"leaf": 1, "ecx": "xx..."} as "0x1:ecx=xx...". */
static bool put_leaf(struct json_text *t, struct json_object *leaf)
{
    static const char *const registers[] = {"eax", "ebx", "ecx", "edx"};
    int64_t number, subleaf;
    const char *sign = ":";
    char text[64];

    if (!json_integer(t->c, json_member(t->c, leaf, "leaf"), &number))
        return json_text_fail(t, "cpuid");
    snprintf(text, sizeof(text), "0x%" PRIx64, (uint64_t)number);
    xl_item_begin(t->text);
    xl_put(t->text, text);
    if (json_integer(t->c, json_member(t->c, leaf, "subleaf"), &subleaf) &&
        subleaf <= UINT32_MAX - 1) {
        snprintf(text, sizeof(text), ",0x%" PRIx64, (uint64_t)subleaf);
        xl_put(t->text, text);
    }
    for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
        const char *value = json_text(t->c, json_member(t->c, leaf, registers[i]));

        if (!value)
            continue;
        xl_put(t->text, sign);
        xl_put(t->text, registers[i]);
        xl_put(t->text, "=");
        xl_put_part(t->text, value);
        sign = ",";
    }
    xl_item_end(t->text);
    return true;
}

bool json_put_cpuid(struct json_text *t, struct json_object *value)
{
    size_t count = json_length(t->c, value);

    if (count == 0)
        return true;
    xl_list_begin(t->text, "cpuid");
    for (size_t i = 0; i < count; i++)
        if (!put_leaf(t, json_at(t->c, value, i)))
            return false;
    xl_list_end(t->text);
    return true;
}

bool json_put_ioports(struct json_text *t, struct json_object *value)
{
    size_t count = json_length(t->c, value);

    if (count == 0)
        return true;
    xl_list_begin(t->text, "ioports");
    for (size_t i = 0; i < count; i++) {
        struct json_object *range = json_at(t->c, value, i);
        int64_t first, number = 1;
        char text[64];

        if (!json_integer(t->c, json_member(t->c, range, "first"), &first))
            first = 0;
        (void)json_integer(t->c, json_member(t->c, range, "number"), &number);
        if (number < 1 || first > UINT16_MAX || number > UINT16_MAX)
            return json_text_fail(t, "ioports");
        snprintf(text, sizeof(text), "%" PRIx64 "-%" PRIx64, (uint64_t)first,
                 (uint64_t)(first + number - 1));
        xl_item(t->text, text);
    }
    xl_list_end(t->text);
    return true;
}

bool json_put_vga(struct json_text *t, struct json_object *value)
{
    const char *kind = json_text(t->c, value);

    if (!kind)
        return json_text_fail(t, "vga");
    xl_put_string(t->text, "vga", strcmp(kind, "std") == 0 ? "stdvga" : kind);
    return true;
}

static const char *const enlightenments[] = {"base", "freq", "time_ref_count"};

static bool put_enlightenments(struct json_text *t, const char *key, const char *sign)
{
    struct json_object *bits = json_member(t->c, t->parent, key);
    size_t count = json_length(t->c, bits);

    for (size_t i = 0; i < count; i++) {
        int64_t n;

        if (!json_integer(t->c, json_at(t->c, bits, i), &n) ||
            n >= (int64_t)(sizeof(enlightenments) / sizeof(enlightenments[0])))
            return json_text_fail(t, key);
        xl_item_begin(t->text);
        xl_put(t->text, sign);
        xl_put(t->text, enlightenments[n]);
        xl_item_end(t->text);
    }
    return true;
}

bool json_put_viridian(struct json_text *t, struct json_object *value)
{
    enum json_bool is = json_bool_of(t->c, value);
    bool list = json_length(t->c, json_member(t->c, t->parent, "viridian_enable")) +
                    json_length(t->c, json_member(t->c, t->parent, "viridian_disable")) >
                0;

    if (!list) {
        if (is != JSON_DEFAULT)
            xl_put_number(t->text, "viridian", is == JSON_TRUE);
        return true;
    }
    xl_list_begin(t->text, "viridian");
    if (is == JSON_TRUE)
        xl_item(t->text, "defaults");
    if (!put_enlightenments(t, "viridian_enable", "") ||
        !put_enlightenments(t, "viridian_disable", "!"))
        return false;
    xl_list_end(t->text);
    return true;
}

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

bool json_put_disks(struct json_text *t, struct json_object *value)
{
    static const char *const known[] = {
        "backend_domid",  "backend_domname", "pdev_path", "vdev",      "backend",
        "format",         "script",          "removable", "readwrite", "is_cdrom",
        "direct_io_safe", "discard_enable",  NULL};

    return put_devices(t, "disk", value, known, put_disk);
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

bool json_put_nics(struct json_text *t, struct json_object *value)
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

    return put_devices(t, "vif", value, known, put_nic);
}

static bool put_pci(struct options *o)
{
    static const char *const flags[] = {"msitranslate", "power_mgmt", "permissive", "seize"};
    static const char *const parts[] = {"domain", "bus", "dev", "func"};
    int64_t n[4] = {0}, slot;
    char text[64];

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        (void)json_integer(o->t->c, json_member(o->t->c, o->device, parts[i]), &n[i]);
    if (n[0] > 0xffff || n[1] > 0xff || n[2] > 0x1f || n[3] > 7)
        return json_text_fail(o->t, "a PCI device");
    snprintf(text, sizeof(text), "%04x:%02x:%02x.%x", (unsigned)n[0], (unsigned)n[1],
             (unsigned)n[2], (unsigned)n[3]);
    xl_put(o->t->text, text);
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

bool json_put_pcidevs(struct json_text *t, struct json_object *value)
{
    static const char *const known[] = {
        "func",         "dev",        "bus",        "domain", "vdevfn", "vfunc_mask",
        "msitranslate", "power_mgmt", "permissive", "seize",  NULL};

    return put_devices(t, "pci", value, known, put_pci);
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

bool json_put_vfbs(struct json_text *t, struct json_object *value)
{
    static const char *const known[] = {"backend_domid", "backend_domname", "devid", "vnc",
                                        "sdl",           "keymap",          NULL};

    return put_devices(t, "vfb", value, known, put_vfb);
}

/* Translates libxl's names of actions to xl's. */
bool json_put_action(struct json_text *t, const char *key, struct json_object *value)
{
    static const char *const words[][2] = {
        {"destroy", "destroy"},
        {"restart", "restart"},
        {"restart_rename", "rename-restart"},
        {"preserve", "preserve"},
        {"coredump_destroy", "coredump-destroy"},
        {"coredump_restart", "coredump-restart"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (json_text_is(t->c, value, words[i][0])) {
            xl_put_string(t->text, key, words[i][1]);
            return true;
        }
    return json_text_fail(t, key);
}
