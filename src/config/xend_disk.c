#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xend_parts.h"

/* A disk in xl's terms (xl-disk-configuration(5)). */
struct disk {
    const char *format, *vdev, *target;
    const char *before; /* prefix of target: "/dev/" or "" */
    char script[64];    /* "block-drbd"; empty: none */
    bool cdrom, writable;
    char uname[XEND_VALUE_MAX], dev[XEND_VALUE_MAX], backend[XEND_VALUE_MAX];
};

/* Advances *s over the prefix, if it has it. */
static bool skip_prefix(const char **s, const char *prefix)
{
    size_t n = strlen(prefix);

    if (strncmp(*s, prefix, n) != 0)
        return false;
    *s += n;
    return true;
}

/* xl's format for blktap's (blktap_disk_types of BlktapController.py); NULL: none. */
static const char *translate_tap_format(const char **uname)
{
    static const char *const types[][2] = {
        {"aio:", "raw"},   {"sync:", "raw"}, {"ioemu:", "raw"}, {"qcow2:", "qcow2"},
        {"qcow:", "qcow"}, {"vhd:", "vhd"},  {"raw:", "raw"}};

    (void)skip_prefix(uname, "tapdisk:");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (skip_prefix(uname, types[i][0]))
            return types[i][1];
    return **uname == '/' ? "raw" : NULL;
}

/* xend runs the script block-PROTOCOL of its host for other protocols. */
static bool read_script(struct disk *d)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t n = strspn(d->uname, letters);

    if (n == 0 || d->uname[n] != ':' || d->uname[n + 1] == '\0' || n > 32)
        return false;
    snprintf(d->script, sizeof(d->script), "block-%.*s", (int)n, d->uname);
    d->target = d->uname + n + 1;
    d->format = "raw";
    return true;
}

static bool read_uname(struct disk *d)
{
    const char *uname = d->uname;

    if (*uname == '\0') {
        d->format = "empty";
        d->target = "";
        return d->cdrom;
    }
    if (skip_prefix(&uname, "phy:")) {
        d->before = *uname == '/' ? "" : "/dev/";
        d->format = "raw";
    } else if (skip_prefix(&uname, "file:")) {
        d->format = "raw";
    } else if (skip_prefix(&uname, "tap:") || skip_prefix(&uname, "tap2:")) {
        d->format = translate_tap_format(&uname);
    } else if (*uname != '/') {
        return read_script(d);
    } else {
        d->format = "raw";
    }
    d->target = uname;
    return d->format != NULL && *uname;
}

static bool is_partition(const char *s, unsigned long max)
{
    char *end;

    return *s == '\0' || (strspn(s, "0123456789") == strlen(s) && strtoul(s, &end, 10) <= max);
}

/* Can libxl parse the name? (libxl__device_disk_dev_number() in libxl_device.c of Xen 4.17) */
static bool is_vdev(const char *s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz", digits[] = "0123456789";
    const char *number = s;

    if (skip_prefix(&s, "xvd"))
        return strspn(s, letters) >= 1 && strspn(s, letters) <= 3 &&
               is_partition(s + strspn(s, letters), 255);
    if (skip_prefix(&s, "hd"))
        return *s >= 'a' && *s <= 'd' && is_partition(s + 1, 63);
    if (skip_prefix(&s, "sd"))
        return *s >= 'a' && *s <= 'p' && is_partition(s + 1, 15);
    return *s && strspn(s, digits) == strlen(s) && strlen(s) <= 9 && *number != '0';
}

/* Parses names such as "ioemu:hda:cdrom" and "/dev/xvda1". */
static bool read_dev(struct disk *d)
{
    const char *vdev = d->dev;
    char *type;

    (void)skip_prefix(&vdev, "ioemu:");
    (void)skip_prefix(&vdev, "/dev/");
    type = d->dev + (vdev - d->dev) + strcspn(vdev, ":");
    d->cdrom = strcmp(type, ":cdrom") == 0;
    *type = '\0';
    d->vdev = vdev;
    return is_vdev(vdev);
}

static bool read_disk(struct disk *d, struct sexp device)
{
    char mode[XEND_VALUE_MAX];

    *d = (struct disk){.before = ""};
    (void)xend_child_value(device, "uname", d->uname);
    (void)xend_child_value(device, "dev", d->dev);
    d->writable = xend_child_value(device, "mode", mode) && strchr(mode, 'w');
    if (!xend_child_value(device, "backend", d->backend) || strcmp(d->backend, "0") == 0 ||
        strcmp(d->backend, "Domain-0") == 0)
        *d->backend = '\0';
    return read_dev(d) && read_uname(d) && !strchr(d->backend, ',');
}

static void put_disk(struct config_text *t, const struct disk *d)
{
    xl_item_begin(t);
    xl_put(t, "format=");
    xl_put(t, d->format);
    xl_put(t, ",vdev=");
    xl_put_part(t, d->vdev);
    xl_put(t, d->writable && !d->cdrom ? ",access=rw" : ",access=ro");
    xl_put(t, d->cdrom ? ",devtype=cdrom" : "");
    if (*d->backend) {
        xl_put(t, ",backend=");
        xl_put_part(t, d->backend);
    }
    if (*d->script) {
        xl_put(t, ",script=");
        xl_put_part(t, d->script);
    }
    xl_put(t, ",target="); /* last: it may contain commas */
    xl_put(t, d->before);
    xl_put_part(t, d->target);
    xl_item_end(t);
}

#define NAMES_MAX 64

/* The vdevs so far: xend lists some disks twice, which xl rejects. */
struct names {
    char name[NAMES_MAX][32];
    size_t count;
};

static bool is_first(struct names *names, const char *vdev)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->name[i], vdev) == 0)
            return false;
    if (names->count < NAMES_MAX)
        snprintf(names->name[names->count++], sizeof(names->name[0]), "%s", vdev);
    return true;
}

/* (cdrom PATH) in HVM images of Xen 3.0. */
static void put_image_cdrom(struct config_text *t, struct xend_guest *g, struct names *names,
                            bool *started)
{
    struct disk d = {.format = "raw", .vdev = "hdc", .before = "", .cdrom = true};

    if (!g->hvm || !xend_value(g, "cdrom", d.uname) || !is_first(names, "hdc"))
        return;
    if (!*started)
        xl_list_begin(t, "disk");
    *started = true;
    d.target = d.uname;
    put_disk(t, &d);
}

void xend_put_disks(struct config_text *t, struct xend_guest *g)
{
    static const char *const classes[] = {"vbd", "tap", "tap2", NULL};
    struct names names = {.count = 0};
    struct sexp device, child = xend_find_device(sexp_first(g->domain), classes, &device);
    bool started = child.p != NULL;
    struct disk d;

    if (started)
        xl_list_begin(t, "disk");
    for (; child.p; child = xend_find_device(sexp_next(child), classes, &device))
        if (read_disk(&d, device) && is_first(&names, d.vdev))
            put_disk(t, &d);
        else
            xend_put_lost(t, g, device, "    ");
    put_image_cdrom(t, g, &names, &started);
    if (started)
        xl_list_end(t);
}
