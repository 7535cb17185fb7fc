/*
 * Names in JSON: tools/libxl/libxl_types.idl of Xen 4.5. Names in xl's text: its parser,
 * tools/xl/xl_parse.c of Xen 4.17.
 */
#include "config/json_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_devices.h"
#include "xl_text.h"

enum kind {
    STRING,
    INTEGER,
    BOOLEAN, /* libxl's defbool, or a boolean */
    MEBI,    /* KiB that become MiB */
    DASHED,  /* an enumerator with underscores, xl's with dashes */
    STRINGS, /* a list of strings or numbers */
    AFFINITY,
    ACTION,  /* after a shutdown */
    IGNORED, /* of libxl, or of its host's xl.conf */
    OBJECT,  /* more rows */
    SPECIAL, /* put() */
};

struct row {
    const char *json;
    enum kind kind;
    const char *xl;
    const struct row *rows;
    bool (*put)(struct json_text *t, struct json_object *value);
};

static const struct row sched_rows[] = {
    {.json = "sched", .kind = IGNORED},
    {.json = "weight", .kind = INTEGER, .xl = "cpu_weight"},
    {.json = "cap", .kind = INTEGER, .xl = "cap"},
    {.json = "period", .kind = INTEGER, .xl = "period"},
    {.json = "slice", .kind = INTEGER, .xl = "slice"},
    {.json = "latency", .kind = INTEGER, .xl = "latency"},
    {.json = "extratime", .kind = INTEGER, .xl = "extratime"},
    {.json = NULL},
};

static const struct row vnc_rows[] = {
    {.json = "enable", .kind = BOOLEAN, .xl = "vnc"},
    {.json = "listen", .kind = STRING, .xl = "vnclisten"},
    {.json = "passwd", .kind = STRING, .xl = "vncpasswd"},
    {.json = "display", .kind = INTEGER, .xl = "vncdisplay"},
    {.json = "findunused", .kind = BOOLEAN, .xl = "vncunused"},
    {.json = NULL},
};

static const struct row sdl_rows[] = {
    {.json = "enable", .kind = BOOLEAN, .xl = "sdl"},
    {.json = "opengl", .kind = BOOLEAN, .xl = "opengl"},
    {.json = "display", .kind = STRING, .xl = "display"},
    {.json = "xauthority", .kind = STRING, .xl = "xauthority"},
    {.json = NULL},
};

static const struct row spice_rows[] = {
    {.json = "enable", .kind = BOOLEAN, .xl = "spice"},
    {.json = "port", .kind = INTEGER, .xl = "spiceport"},
    {.json = "tls_port", .kind = INTEGER, .xl = "spicetls_port"},
    {.json = "host", .kind = STRING, .xl = "spicehost"},
    {.json = "disable_ticketing", .kind = BOOLEAN, .xl = "spicedisable_ticketing"},
    {.json = "passwd", .kind = STRING, .xl = "spicepasswd"},
    {.json = "agent_mouse", .kind = BOOLEAN, .xl = "spiceagent_mouse"},
    {.json = "vdagent", .kind = BOOLEAN, .xl = "spicevdagent"},
    {.json = "clipboard_sharing", .kind = BOOLEAN, .xl = "spice_clipboard_sharing"},
    {.json = "usbredirection", .kind = INTEGER, .xl = "spiceusbredirection"},
    {.json = NULL},
};

static const struct row vga_rows[] = {
    {.json = "kind", .kind = SPECIAL, .put = json_put_vga},
    {.json = NULL},
};

static const struct row hvm_rows[] = {
    {.json = "firmware", .kind = STRING, .xl = "firmware_override"},
    {.json = "bios", .kind = STRING, .xl = "bios"},
    {.json = "pae", .kind = BOOLEAN, .xl = "pae"},
    {.json = "apic", .kind = BOOLEAN, .xl = "apic"},
    {.json = "acpi", .kind = BOOLEAN, .xl = "acpi"},
    {.json = "acpi_s3", .kind = BOOLEAN, .xl = "acpi_s3"},
    {.json = "acpi_s4", .kind = BOOLEAN, .xl = "acpi_s4"},
    {.json = "nx", .kind = BOOLEAN, .xl = "nx"},
    {.json = "viridian", .kind = SPECIAL, .put = json_put_viridian},
    {.json = "viridian_enable", .kind = IGNORED}, /* with viridian */
    {.json = "viridian_disable", .kind = IGNORED},
    {.json = "hpet", .kind = BOOLEAN, .xl = "hpet"},
    {.json = "vpt_align", .kind = BOOLEAN, .xl = "vpt_align"},
    {.json = "mmio_hole_memkb", .kind = MEBI, .xl = "mmio_hole"},
    {.json = "timer_mode", .kind = STRING, .xl = "timer_mode"},
    {.json = "nested_hvm", .kind = BOOLEAN, .xl = "nestedhvm"},
    {.json = "smbios_firmware", .kind = STRING, .xl = "smbios_firmware"},
    {.json = "acpi_firmware", .kind = STRING, .xl = "acpi_firmware"},
    {.json = "nographic", .kind = BOOLEAN, .xl = "nographic"},
    {.json = "vga", .kind = OBJECT, .rows = vga_rows},
    {.json = "vnc", .kind = OBJECT, .rows = vnc_rows},
    {.json = "keymap", .kind = STRING, .xl = "keymap"},
    {.json = "sdl", .kind = OBJECT, .rows = sdl_rows},
    {.json = "spice", .kind = OBJECT, .rows = spice_rows},
    {.json = "gfx_passthru", .kind = BOOLEAN, .xl = "gfx_passthru"},
    {.json = "serial", .kind = STRING, .xl = "serial"},
    {.json = "boot", .kind = STRING, .xl = "boot"},
    {.json = "usb", .kind = BOOLEAN, .xl = "usb"},
    {.json = "usbversion", .kind = INTEGER, .xl = "usbversion"},
    {.json = "usbdevice", .kind = STRING, .xl = "usbdevice"},
    {.json = "soundhw", .kind = STRING, .xl = "soundhw"},
    {.json = "xen_platform_pci", .kind = BOOLEAN, .xl = "xen_platform_pci"},
    {.json = "usbdevice_list", .kind = STRINGS, .xl = "usbdevice"},
    {.json = "vendor_device", .kind = STRING, .xl = "vendor_device"},
    {.json = "serial_list", .kind = STRINGS, .xl = "serial"},
    {.json = NULL},
};

static const struct row pv_rows[] = {
    {.json = "kernel", .kind = STRING, .xl = "kernel"},
    {.json = "slack_memkb", .kind = IGNORED},
    {.json = "bootloader", .kind = STRING, .xl = "bootloader"},
    {.json = "bootloader_args", .kind = STRINGS, .xl = "bootloader_args"},
    {.json = "cmdline", .kind = STRING, .xl = "cmdline"},
    {.json = "ramdisk", .kind = STRING, .xl = "ramdisk"},
    {.json = "e820_host", .kind = BOOLEAN, .xl = "e820_host"},
    {.json = NULL},
};

static const struct row create_rows[] = {
    {.json = "type", .kind = SPECIAL, .put = json_put_type},
    {.json = "hap", .kind = BOOLEAN, .xl = "hap"},
    {.json = "oos", .kind = BOOLEAN, .xl = "oos"},
    {.json = "ssidref", .kind = IGNORED},
    {.json = "ssid_label", .kind = STRING, .xl = "seclabel"},
    {.json = "name", .kind = STRING, .xl = "name"},
    {.json = "uuid", .kind = STRING, .xl = "uuid"},
    {.json = "poolid", .kind = IGNORED},
    {.json = "pool_name", .kind = STRING, .xl = "pool"},
    {.json = "run_hotplug_scripts", .kind = IGNORED},
    {.json = "driver_domain", .kind = BOOLEAN, .xl = "driver_domain"},
    {.json = NULL},
};

static const struct row build_rows[] = {
    {.json = "avail_vcpus", .kind = SPECIAL, .put = json_put_vcpus},
    {.json = "max_vcpus", .kind = INTEGER, .xl = "maxvcpus"},
    {.json = "vcpu_hard_affinity", .kind = AFFINITY, .xl = "cpus"},
    {.json = "vcpu_soft_affinity", .kind = AFFINITY, .xl = "cpus_soft"},
    {.json = "numa_placement", .kind = IGNORED},
    {.json = "tsc_mode", .kind = STRING, .xl = "tsc_mode"},
    {.json = "max_memkb", .kind = MEBI, .xl = "maxmem"},
    {.json = "target_memkb", .kind = MEBI, .xl = "memory"},
    {.json = "video_memkb", .kind = SPECIAL, .put = json_put_videoram},
    {.json = "shadow_memkb", .kind = MEBI, .xl = "shadow_memory"},
    {.json = "rtc_timeoffset", .kind = INTEGER, .xl = "rtc_timeoffset"},
    {.json = "exec_ssidref", .kind = IGNORED},
    {.json = "localtime", .kind = BOOLEAN, .xl = "localtime"},
    {.json = "disable_migrate", .kind = BOOLEAN, .xl = "nomigrate"},
    {.json = "cpuid", .kind = SPECIAL, .put = json_put_cpuid},
    {.json = "blkdev_start", .kind = IGNORED},
    {.json = "device_model_version", .kind = DASHED, .xl = "device_model_version"},
    {.json = "device_model_stubdomain", .kind = BOOLEAN, .xl = "device_model_stubdomain_override"},
    {.json = "device_model", .kind = STRING, .xl = "device_model_override"},
    {.json = "device_model_ssidref", .kind = IGNORED},
    {.json = "device_model_ssid_label", .kind = STRING, .xl = "device_model_stubdomain_seclabel"},
    {.json = "extra", .kind = STRINGS, .xl = "device_model_args"},
    {.json = "extra_pv", .kind = STRINGS, .xl = "device_model_args_pv"},
    {.json = "extra_hvm", .kind = STRINGS, .xl = "device_model_args_hvm"},
    {.json = "sched_params", .kind = OBJECT, .rows = sched_rows},
    {.json = "irqs", .kind = STRINGS, .xl = "irqs"},
    {.json = "ioports", .kind = SPECIAL, .put = json_put_ioports},
    {.json = "claim_mode", .kind = IGNORED},
    {.json = "event_channels", .kind = INTEGER, .xl = "max_event_channels"},
    {.json = "kernel", .kind = STRING, .xl = "kernel"},
    {.json = "cmdline", .kind = STRING, .xl = "cmdline"},
    {.json = "ramdisk", .kind = STRING, .xl = "ramdisk"},
    {.json = "type.hvm", .kind = OBJECT, .rows = hvm_rows},
    {.json = "type.pv", .kind = OBJECT, .rows = pv_rows},
    {.json = NULL},
};

static const struct row top_rows[] = {
    {.json = "c_info", .kind = OBJECT, .rows = create_rows},
    {.json = "b_info", .kind = OBJECT, .rows = build_rows},
    {.json = "disks", .kind = SPECIAL, .put = json_put_disks},
    {.json = "nics", .kind = SPECIAL, .put = json_put_nics},
    {.json = "pcidevs", .kind = SPECIAL, .put = json_put_pcidevs},
    {.json = "vfbs", .kind = SPECIAL, .put = json_put_vfbs},
    {.json = "vkbs", .kind = IGNORED}, /* xl makes one for each vfb */
    {.json = "on_poweroff", .kind = ACTION, .xl = "on_poweroff"},
    {.json = "on_reboot", .kind = ACTION, .xl = "on_reboot"},
    {.json = "on_watchdog", .kind = ACTION, .xl = "on_watchdog"},
    {.json = "on_crash", .kind = ACTION, .xl = "on_crash"},
    {.json = NULL},
};

static bool put_string(struct json_text *t, const struct row *row, struct json_object *value)
{
    const char *text = json_text(t->c, value);

    if (!text)
        return json_text_fail(t, row->json);
    xl_put_string(t->text, row->xl, text);
    return true;
}

static bool put_dashed(struct json_text *t, const struct row *row, struct json_object *value)
{
    const char *text = json_text(t->c, value);
    char dashed[64];
    size_t i;

    if (!text || strlen(text) >= sizeof(dashed))
        return json_text_fail(t, row->json);
    for (i = 0; text[i]; i++)
        dashed[i] = text[i] == '_' ? '-' : text[i];
    dashed[i] = '\0';
    xl_put_string(t->text, row->xl, dashed);
    return true;
}

static bool put_number(struct json_text *t, const struct row *row, struct json_object *value)
{
    int64_t n;

    if (!json_integer(t->c, value, &n))
        return json_text_fail(t, row->json);
    xl_put_number(t->text, row->xl, row->kind == MEBI ? n / 1024 + (n % 1024 != 0) : n);
    return true;
}

static bool put_bool(struct json_text *t, const struct row *row, struct json_object *value)
{
    enum json_bool is = json_bool_of(t->c, value);

    if (is != JSON_DEFAULT)
        xl_put_number(t->text, row->xl, is == JSON_TRUE);
    return true;
}

static bool put_strings(struct json_text *t, const struct row *row, struct json_object *value)
{
    size_t count = json_length(t->c, value);

    if (count == 0)
        return true;
    xl_list_begin(t->text, row->xl);
    for (size_t i = 0; i < count; i++)
        xl_item(t->text, t->c->json->json_object_get_string(json_at(t->c, value, i)));
    xl_list_end(t->text);
    return true;
}

static bool put_rows(struct json_text *t, const struct row *rows, struct json_object *object,
                     const char *name);

static bool put_value(struct json_text *t, const struct row *row, struct json_object *value)
{
    switch (row->kind) {
    case STRING:
        return put_string(t, row, value);
    case DASHED:
        return put_dashed(t, row, value);
    case INTEGER:
    case MEBI:
        return put_number(t, row, value);
    case BOOLEAN:
        return put_bool(t, row, value);
    case STRINGS:
        return put_strings(t, row, value);
    case AFFINITY:
        return json_put_affinity(t, row->xl, value);
    case ACTION:
        return json_put_action(t, row->xl, value);
    case OBJECT:
        return put_rows(t, row->rows, value, row->json);
    case SPECIAL:
        return row->put(t, value);
    case IGNORED:
        break;
    }
    return true;
}

/* Does the value mean the same as a missing member? */
static bool is_nothing(const struct json_config *c, struct json_object *value)
{
    return !value || c->json->json_object_is_type(value, json_type_null) ||
           json_bool_of(c, value) == JSON_FALSE || json_text_is(c, value, "<default>") ||
           json_text_is(c, value, "") ||
           (c->json->json_object_is_type(value, json_type_array) && json_length(c, value) == 0);
}

/* Writes the members in the order of the table. Fails if the object has a member not in the table.
 */
static bool put_rows(struct json_text *t, const struct row *rows, struct json_object *object,
                     const char *name)
{
    const struct lazy_json *json = t->c->json;

    if (!json->json_object_is_type(object, json_type_object))
        return json_text_fail(t, name);
    t->parent = object;
    for (const struct row *row = rows; row->json; row++) {
        struct json_object *value = json_member(t->c, object, row->json);

        if (value && !json->json_object_is_type(value, json_type_null) && !put_value(t, row, value))
            return false;
        t->parent = object;
    }
    for (struct lh_entry *e = json->json_object_get_object(object)->head; e; e = e->next) {
        const char *key = e->k;
        const struct row *row = rows;

        while (row->json && strcmp(row->json, key) != 0)
            row++;
        if (!row->json && !is_nothing(t->c, (struct json_object *)(uintptr_t)e->v))
            return json_text_fail(t, key);
    }
    return true;
}

bool config_from_json(const struct lazy_json *library, const struct config_text *json,
                      struct config_text *text, struct cls_error *err)
{
    struct json_config c;
    struct json_text t = {.c = &c, .text = text, .err = err};
    bool ok = json_config_open(&c, library, json, err);

    if (ok) {
        xl_put(text, "# Made from libxl's JSON by convert-legacy-stream.\n");
        ok = put_rows(&t, top_rows, c.root, "JSON");
    }
    json_config_close(&c);
    return ok && (!text->no_memory || cls_fail_errno(err, ENOMEM, "cannot hold the configuration"));
}
