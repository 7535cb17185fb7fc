/*
 * Names on xend's side: tools/python/xen/xend/XendConfig.py of Xen 4.4; on xl's: xl.cfg(5),
 * xl-disk-configuration(5) and the parser, tools/xl/xl_parse.c of Xen 4.17.
 */
#include "xl_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX    1024 /* longer ones stand in the comments only */
#define KEY_MAX      64
#define SETTINGS_MAX 32 /* of one table */

/* Writes until something fails, and nothing more then. */
struct config {
    struct cls_output *out;
    struct cls_error *err;
    bool ok;
};

struct setting {
    const char *xend, *xl;
    bool number;
};

static const struct setting domain_settings[] = {
    {"name", "name", false},
    {"uuid", "uuid", false},
    {"memory", "memory", true},
    {"maxmem", "maxmem", true},
    {"shadow_memory", "shadow_memory", true},
    {"on_poweroff", "on_poweroff", false},
    {"on_reboot", "on_reboot", false},
    {"on_crash", "on_crash", false},
};

static const struct setting bootloader_settings[] = {
    {"bootloader", "bootloader", false},
    {"bootloader_args", "bootloader_args", false},
};

static const struct setting kernel_settings[] = {
    {"kernel", "kernel", false},
    {"ramdisk", "ramdisk", false},
};

static const struct setting pv_settings[] = {
    {"args", "extra", false},
    {"tsc_mode", "tsc_mode", true},
};

static const struct setting hvm_settings[] = {
    {"boot", "boot", false},
    {"pae", "pae", true},
    {"acpi", "acpi", true},
    {"apic", "apic", true},
    {"hap", "hap", true},
    {"hpet", "hpet", true},
    {"nestedhvm", "nestedhvm", true},
    {"timer_mode", "timer_mode", true},
    {"tsc_mode", "tsc_mode", true},
    {"vpt_align", "vpt_align", true},
    {"viridian", "viridian", true},
    {"xen_platform_pci", "xen_platform_pci", true},
    {"localtime", "localtime", true},
    {"rtc_timeoffset", "rtc_timeoffset", true},
    {"stdvga", "stdvga", true},
    {"videoram", "videoram", true},
    {"vnc", "vnc", true},
    {"vnclisten", "vnclisten", false},
    {"vncdisplay", "vncdisplay", true},
    {"vncunused", "vncunused", true},
    {"vncpasswd", "vncpasswd", false},
    {"sdl", "sdl", true},
    {"opengl", "opengl", true},
    {"keymap", "keymap", false},
    {"serial", "serial", false},
    {"usb", "usb", true},
    {"usbdevice", "usbdevice", false},
    {"soundhw", "soundhw", false},
};

static void put_bytes(struct config *c, const char *s, size_t n)
{
    c->ok = c->ok && cls_output_write(c->out, s, n, c->err);
}

static void put(struct config *c, const char *s)
{
    put_bytes(c, s, strlen(s));
}

/* Bytes of the control character that s begins with: 0 where it is none, 2 of some in UTF-8. */
static size_t control_length(const char *s, size_t left)
{
    unsigned char byte = (unsigned char)*s, next = left > 1 ? (unsigned char)s[1] : 0;

    if (byte == 0xc2 && next >= 0x80 && next < 0xa0)
        return 2;
    return byte < ' ' || byte == 0x7f;
}

/* quoted: within a string in double quotes. */
static void put_masked(struct config *c, const char *s, size_t n, bool quoted)
{
    while (n > 0) {
        size_t control = control_length(s, n), step = control > 0 ? control : 1;

        if (quoted && (*s == '"' || *s == '\\'))
            put(c, "\\");
        put_bytes(c, control > 0 ? "?" : s, 1);
        s += step;
        n -= step;
    }
}

static bool is_number(const char *s)
{
    s += *s == '-';
    return *s && s[strspn(s, "0123456789")] == '\0';
}

static void put_setting(struct config *c, const char *key, const char *value, bool number)
{
    bool bare = number && *value != '-';

    put(c, key);
    put(c, bare ? " = " : " = \"");
    put_masked(c, value, strlen(value), true);
    put(c, bare ? "\n" : "\"\n");
}

/* Those that the list has, in the table's order. */
static void put_settings(struct config *c, struct sexp list, const struct setting *settings,
                         size_t count)
{
    struct sexp found[SETTINGS_MAX] = {0};
    char key[KEY_MAX], value[VALUE_MAX];

    /* Once over the list, which may be long; the first of each key counts. */
    for (struct sexp child = sexp_first(list); child.p; child = sexp_next(child))
        if (sexp_atom(sexp_first(child), key, sizeof(key)))
            for (size_t i = 0; i < count; i++)
                if (!found[i].p && strcmp(key, settings[i].xend) == 0)
                    found[i] = sexp_next(sexp_first(child));
    for (size_t i = 0; i < count; i++)
        if (sexp_atom(found[i], value, sizeof(value)) && *value &&
            (!settings[i].number || is_number(value)))
            put_setting(c, settings[i].xl, value, settings[i].number);
}
#define PUT_SETTINGS(c, list, table)                                                               \
    do {                                                                                           \
        _Static_assert(sizeof(table) / sizeof((table)[0]) <= SETTINGS_MAX, #table);                \
        put_settings(c, list, table, sizeof(table) / sizeof((table)[0]));                          \
    } while (0)

/* xend's vcpus are the most there can be; vcpu_avail is the map of those that are online. */
static void put_vcpus(struct config *c, struct sexp domain)
{
    char vcpus[VALUE_MAX], avail[VALUE_MAX], online[16];
    unsigned long long map;
    int count;

    if (!sexp_value(domain, "vcpus", vcpus, sizeof(vcpus)) || !is_number(vcpus))
        return;
    map = sexp_value(domain, "vcpu_avail", avail, sizeof(avail)) ? strtoull(avail, NULL, 10) : 0;
    count = __builtin_popcountll(map);
    if (count > 0 && count < atoi(vcpus)) {
        snprintf(online, sizeof(online), "%d", count);
        put_setting(c, "vcpus", online, true);
        put_setting(c, "maxvcpus", vcpus, true);
    } else {
        put_setting(c, "vcpus", vcpus, true);
    }
}

static void put_image(struct config *c, struct sexp domain)
{
    struct sexp image = sexp_next(sexp_first(sexp_child(domain, "image")));
    char bootloader[VALUE_MAX];

    if (sexp_is(sexp_first(image), "hvm")) {
        put(c, "builder = \"hvm\"\ndevice_model_version = \"qemu-xen-traditional\"\n");
        PUT_SETTINGS(c, image, hvm_settings);
        return;
    }
    PUT_SETTINGS(c, domain, bootloader_settings);
    /* A bootloader's kernel and ramdisk were temporary files. */
    if (!sexp_value(domain, "bootloader", bootloader, sizeof(bootloader)) || !*bootloader)
        PUT_SETTINGS(c, image, kernel_settings);
    PUT_SETTINGS(c, image, pv_settings);
}

/* A value that goes between commas. */
static bool is_option_value(const char *s)
{
    return *s && !strchr(s, ',');
}

/* From child on, the next (device (CLASS ...)) of these classes; device is what stands in there. */
static struct sexp find_device(struct sexp child, const char *const *classes, struct sexp *device)
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

/* A list of all devices of these classes, in their order; nothing where there is none. */
static void put_devices(struct config *c, struct sexp domain, const char *list,
                        const char *const *classes,
                        void (*put_device)(struct config *c, struct sexp device))
{
    struct sexp device, child = find_device(sexp_first(domain), classes, &device);

    if (!child.p)
        return;
    put(c, list);
    put(c, " = [\n");
    for (; child.p; child = find_device(sexp_next(child), classes, &device))
        put_device(c, device);
    put(c, "]\n");
}

static void put_not_written(struct config *c, struct sexp device)
{
    put(c, "    # has no like in xl: ");
    put_masked(c, device.p, sexp_length(device), false);
    put(c, "\n");
}

/* Takes the prefix, if it is there. */
static bool take(const char **s, const char *prefix)
{
    size_t n = strlen(prefix);

    if (strncmp(*s, prefix, n) != 0)
        return false;
    *s += n;
    return true;
}

/* Splits a uname like "tap:qcow2:/path" into xl's format and the path; NULL: xl has none for it. */
static const char *disk_format(const char **uname)
{
    static const char *const formats[] = {"qcow2", "qcow", "vhd"};

    if (**uname == '\0')
        return "empty";
    if (take(uname, "phy:") || take(uname, "file:"))
        return "raw";
    if (!take(uname, "tap:") && !take(uname, "tap2:"))
        return NULL;
    (void)take(uname, "tapdisk:");
    if (take(uname, "aio:"))
        return "raw";
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (strncmp(*uname, formats[i], strlen(formats[i])) == 0 &&
            (*uname)[strlen(formats[i])] == ':') {
            *uname += strlen(formats[i]) + 1;
            return formats[i];
        }
    return NULL;
}

static void put_disk(struct config *c, struct sexp device)
{
    char uname[VALUE_MAX], dev[VALUE_MAX], mode[VALUE_MAX], backend[VALUE_MAX];
    const char *target = uname, *vdev = dev, *format, *relative;
    bool cdrom;

    (void)sexp_value(device, "uname", uname, sizeof(uname));
    (void)sexp_value(device, "dev", dev, sizeof(dev));
    (void)sexp_value(device, "mode", mode, sizeof(mode));
    relative = strncmp(uname, "phy:", 4) == 0 && uname[4] != '/' ? "/dev/" : "";
    format = disk_format(&target);
    (void)take(&vdev, "ioemu:");
    cdrom = strstr(vdev, ":cdrom") != NULL;
    dev[(vdev - dev) + (ptrdiff_t)strcspn(vdev, ":")] = '\0';
    if (!format || !is_option_value(vdev)) {
        put_not_written(c, device);
        return;
    }
    put(c, "    \"format=");
    put(c, format);
    put(c, ",vdev=");
    put_masked(c, vdev, strlen(vdev), true);
    put(c, *mode == 'w' ? ",access=rw" : ",access=ro");
    put(c, cdrom ? ",devtype=cdrom" : "");
    if (sexp_value(device, "backend", backend, sizeof(backend)) && is_option_value(backend) &&
        strcmp(backend, "0") != 0) {
        put(c, ",backend=");
        put_masked(c, backend, strlen(backend), true);
    }
    put(c, ",target="); /* takes the rest, commas and all */
    put(c, relative);
    put_masked(c, target, strlen(target), true);
    put(c, "\",\n");
}

/* "key=value,key=value": those that the device has, and that xl understands. */
static void put_options(struct config *c, struct sexp device, const char *const *keys)
{
    char value[VALUE_MAX];
    const char *comma = "";

    put(c, "    \"");
    for (; *keys; keys++) {
        if (!sexp_value(device, *keys, value, sizeof(value)) || !is_option_value(value) ||
            (strcmp(*keys, "backend") == 0 && strcmp(value, "0") == 0) ||
            (strcmp(*keys, "type") == 0 && strcmp(value, "ioemu") != 0))
            continue;
        put(c, comma);
        put(c, *keys);
        put(c, "=");
        put_masked(c, value, strlen(value), true);
        comma = ",";
    }
    put(c, "\",\n");
}

static void put_vif(struct config *c, struct sexp device)
{
    static const char *const keys[] = {"mac",   "bridge",  "script", "ip",      "type",
                                       "model", "vifname", "rate",   "backend", NULL};

    put_options(c, device, keys);
}

static void put_vfb(struct config *c, struct sexp device)
{
    static const char *const keys[] = {"vnc", "vnclisten", "vncdisplay", "vncunused", "vncpasswd",
                                       "sdl", "opengl",    "keymap",     NULL};

    put_options(c, device, keys);
}

/* Everything, item by item, for the reader to compare with. */
static void put_comments(struct config *c, struct sexp domain)
{
    struct sexp item = sexp_next(sexp_first(domain));

    put(c, "\n# As xend had it:\n");
    for (; item.p; item = sexp_next(item)) {
        put(c, "# ");
        put_masked(c, item.p, sexp_length(item), false);
        put(c, "\n");
    }
}

bool xl_config_write(struct sexp domain, struct cls_output *out, struct cls_error *err)
{
    static const char *const disks[] = {"vbd", "tap", "tap2", NULL};
    static const char *const vifs[] = {"vif", NULL}, *const vfbs[] = {"vfb", NULL};
    struct config c = {.out = out, .err = err, .ok = true};

    put(&c, "# Made from xend's configuration by convert-legacy-stream. Look it over: paths, "
            "bridges and\n"
            "# devices are those of the host that saved the domain.\n");
    PUT_SETTINGS(&c, domain, domain_settings);
    put_vcpus(&c, domain);
    put_image(&c, domain);
    put_devices(&c, domain, "disk", disks, put_disk);
    put_devices(&c, domain, "vif", vifs, put_vif);
    put_devices(&c, domain, "vfb", vfbs, put_vfb);
    put_comments(&c, domain);
    return c.ok;
}
