/*
 * All members of libxl's JSON. Names in JSON: tools/libxl/libxl_types.idl of Xen 4.5. Names in xl's
 * text: its parser, tools/xl/xl_parse.c of Xen 4.17.
 */
#include "config/json_text.h"

#include <errno.h>

#include "json_put.h"

static const struct json_row sched_rows[] = {
    {"sched", NULL, NULL, NULL},
    {"weight", json_put_number, "cpu_weight", NULL},
    {"cap", json_put_number, "cap", NULL},
    {"period", json_put_number, "period", NULL},
    {"slice", json_put_number, "slice", NULL},
    {"latency", json_put_number, "latency", NULL},
    {"extratime", json_put_number, "extratime", NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct json_row vnc_rows[] = {
    {"enable", json_put_bool, "vnc", NULL},
    {"listen", json_put_string, "vnclisten", NULL},
    {"passwd", json_put_string, "vncpasswd", NULL},
    {"display", json_put_number, "vncdisplay", NULL},
    {"findunused", json_put_bool, "vncunused", NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct json_row sdl_rows[] = {
    {"enable", json_put_bool, "sdl", NULL},
    {"opengl", json_put_bool, "opengl", NULL},
    {"display", json_put_string, "display", NULL},
    {"xauthority", json_put_string, "xauthority", NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct json_row spice_rows[] = {
    {"enable", json_put_bool, "spice", NULL},
    {"port", json_put_number, "spiceport", NULL},
    {"tls_port", json_put_number, "spicetls_port", NULL},
    {"host", json_put_string, "spicehost", NULL},
    {"disable_ticketing", json_put_bool, "spicedisable_ticketing", NULL},
    {"passwd", json_put_string, "spicepasswd", NULL},
    {"agent_mouse", json_put_bool, "spiceagent_mouse", NULL},
    {"vdagent", json_put_bool, "spicevdagent", NULL},
    {"clipboard_sharing", json_put_bool, "spice_clipboard_sharing", NULL},
    {"usbredirection", json_put_number, "spiceusbredirection", NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct json_row vga_rows[] = {
    {"kind", json_put_vga, "vga", NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct json_row hvm_rows[] = {
    {"firmware", json_put_string, "firmware_override", NULL},
    {"bios", json_put_string, "bios", NULL},
    {"pae", json_put_bool, "pae", NULL},
    {"apic", json_put_bool, "apic", NULL},
    {"acpi", json_put_bool, "acpi", NULL},
    {"acpi_s3", json_put_bool, "acpi_s3", NULL},
    {"acpi_s4", json_put_bool, "acpi_s4", NULL},
    {"nx", json_put_bool, "nx", NULL},
    {"viridian", json_put_viridian, "viridian", NULL},
    {"viridian_enable", NULL, NULL, NULL}, /* with viridian */
    {"viridian_disable", NULL, NULL, NULL},
    {"hpet", json_put_bool, "hpet", NULL},
    {"vpt_align", json_put_bool, "vpt_align", NULL},
    {"mmio_hole_memkb", json_put_mebi, "mmio_hole", NULL},
    {"timer_mode", json_put_string, "timer_mode", NULL},
    {"nested_hvm", json_put_bool, "nestedhvm", NULL},
    {"smbios_firmware", json_put_string, "smbios_firmware", NULL},
    {"acpi_firmware", json_put_string, "acpi_firmware", NULL},
    {"nographic", json_put_bool, "nographic", NULL},
    {"vga", json_put_object, NULL, vga_rows},
    {"vnc", json_put_object, NULL, vnc_rows},
    {"keymap", json_put_string, "keymap", NULL},
    {"sdl", json_put_object, NULL, sdl_rows},
    {"spice", json_put_object, NULL, spice_rows},
    {"gfx_passthru", json_put_bool, "gfx_passthru", NULL},
    {"serial", json_put_string, "serial", NULL},
    {"boot", json_put_string, "boot", NULL},
    {"usb", json_put_bool, "usb", NULL},
    {"usbversion", json_put_number, "usbversion", NULL},
    {"usbdevice", json_put_string, "usbdevice", NULL},
    {"soundhw", json_put_string, "soundhw", NULL},
    {"xen_platform_pci", json_put_bool, "xen_platform_pci", NULL},
    {"usbdevice_list", json_put_strings, "usbdevice", NULL},
    {"vendor_device", json_put_string, "vendor_device", NULL},
    {"serial_list", json_put_strings, "serial", NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct json_row pv_rows[] = {
    {"kernel", json_put_string, "kernel", NULL},
    {"slack_memkb", NULL, NULL, NULL},
    {"bootloader", json_put_string, "bootloader", NULL},
    {"bootloader_args", json_put_strings, "bootloader_args", NULL},
    {"cmdline", json_put_string, "cmdline", NULL},
    {"ramdisk", json_put_string, "ramdisk", NULL},
    {"e820_host", json_put_bool, "e820_host", NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct json_row create_rows[] = {
    {"type", json_put_type, "type", NULL},
    {"hap", json_put_bool, "hap", NULL},
    {"oos", json_put_bool, "oos", NULL},
    {"ssidref", NULL, NULL, NULL},
    {"ssid_label", json_put_string, "seclabel", NULL},
    {"name", json_put_string, "name", NULL},
    {"uuid", json_put_string, "uuid", NULL},
    {"poolid", NULL, NULL, NULL},
    {"pool_name", json_put_string, "pool", NULL},
    {"run_hotplug_scripts", NULL, NULL, NULL},
    {"driver_domain", json_put_bool, "driver_domain", NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct json_row build_rows[] = {
    {"avail_vcpus", json_put_vcpus, "vcpus", NULL},
    {"max_vcpus", json_put_number, "maxvcpus", NULL},
    {"vcpu_hard_affinity", json_put_affinity, "cpus", NULL},
    {"vcpu_soft_affinity", json_put_affinity, "cpus_soft", NULL},
    {"numa_placement", NULL, NULL, NULL},
    {"tsc_mode", json_put_string, "tsc_mode", NULL},
    {"max_memkb", json_put_mebi, "maxmem", NULL},
    {"target_memkb", json_put_mebi, "memory", NULL},
    {"video_memkb", json_put_videoram, "videoram", NULL},
    {"shadow_memkb", json_put_mebi, "shadow_memory", NULL},
    {"rtc_timeoffset", json_put_number, "rtc_timeoffset", NULL},
    {"exec_ssidref", NULL, NULL, NULL},
    {"localtime", json_put_bool, "localtime", NULL},
    {"disable_migrate", json_put_bool, "nomigrate", NULL},
    {"cpuid", json_put_cpuid, "cpuid", NULL},
    {"blkdev_start", NULL, NULL, NULL},
    {"device_model_version", json_put_dashed, "device_model_version", NULL},
    {"device_model_stubdomain", json_put_bool, "device_model_stubdomain_override", NULL},
    {"device_model", json_put_string, "device_model_override", NULL},
    {"device_model_ssidref", NULL, NULL, NULL},
    {"device_model_ssid_label", json_put_string, "device_model_stubdomain_seclabel", NULL},
    {"extra", json_put_strings, "device_model_args", NULL},
    {"extra_pv", json_put_strings, "device_model_args_pv", NULL},
    {"extra_hvm", json_put_strings, "device_model_args_hvm", NULL},
    {"sched_params", json_put_object, NULL, sched_rows},
    {"irqs", json_put_strings, "irqs", NULL},
    {"ioports", json_put_ioports, "ioports", NULL},
    {"claim_mode", NULL, NULL, NULL},
    {"event_channels", json_put_number, "max_event_channels", NULL},
    {"kernel", json_put_string, "kernel", NULL},
    {"cmdline", json_put_string, "cmdline", NULL},
    {"ramdisk", json_put_string, "ramdisk", NULL},
    {"type.hvm", json_put_object, NULL, hvm_rows},
    {"type.pv", json_put_object, NULL, pv_rows},
    {NULL, NULL, NULL, NULL},
};

static const struct json_row top_rows[] = {
    {"c_info", json_put_object, NULL, create_rows},
    {"b_info", json_put_object, NULL, build_rows},
    {"disks", json_put_disks, "disk", NULL},
    {"nics", json_put_nics, "vif", NULL},
    {"pcidevs", json_put_pcidevs, "pci", NULL},
    {"vfbs", json_put_vfbs, "vfb", NULL},
    {"vkbs", NULL, NULL, NULL}, /* xl makes one for each vfb */
    {"on_poweroff", json_put_action, "on_poweroff", NULL},
    {"on_reboot", json_put_action, "on_reboot", NULL},
    {"on_watchdog", json_put_action, "on_watchdog", NULL},
    {"on_crash", json_put_action, "on_crash", NULL},
    {NULL, NULL, NULL, NULL},
};

bool config_from_json(const struct lazy_json *library, const struct config_text *json,
                      struct config_text *text, struct cls_error *err)
{
    const struct json_row top = {"JSON", json_put_object, NULL, top_rows};
    struct json_config c;
    struct json_text t = {.c = &c, .text = text, .err = err};
    bool ok = json_config_open(&c, library, json, err);

    if (ok) {
        xl_put(text, "# Made from libxl's JSON by convert-legacy-stream.\n");
        ok = json_put_object(&t, &top, c.root);
    }
    json_config_close(&c);
    return ok && (!text->no_memory ||
                  cls_fail_errno(err, ENOMEM, "cannot allocate memory for the configuration"));
}
