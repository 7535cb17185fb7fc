#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"
#include "xl_file.h"

struct repair {
    const struct config_request *r;
    struct config_text *text;
    unsigned *changes;
};

/* Notes that key was set to value; NULL: that it was removed. */
static void note_value(struct repair *p, const char *id, const char *key, const char *value)
{
    char what[160];

    snprintf(what, sizeof(what), value ? "%s = %.100s" : "%s is dropped", key, value);
    rule_note(p->r, p->changes, id, what);
}

/* Sets key. value: text as in a file, with quotes; NULL: remove the setting. */
static void set_or_drop(struct repair *p, const char *id, const char *key, const char *value,
                        const char *why)
{
    struct xl_change how = {.keep_old = p->r->keep_old, .why = why};

    if (value)
        xl_file_set(p->text, key, value, &how);
    else
        xl_file_drop(p->text, key, &how);
    note_value(p, id, key, value);
}

static void change_number(struct repair *p, const char *id, const char *key, long n,
                          const char *why)
{
    char value[32];

    snprintf(value, sizeof(value), "%ld", n);
    set_or_drop(p, id, key, value, why);
}

static bool value_is(struct repair *p, const char *key, const char *wanted)
{
    char value[64];

    return xl_file_value(p->text, key, value, sizeof(value)) && strcmp(value, wanted) == 0;
}

static bool has_setting(struct repair *p, const char *key)
{
    struct xl_setting s;

    return xl_file_find(p->text, key, &s);
}

/* Is value a prefix of word? xl accepts prefixes (xl_parse.c of Xen 4.10 and later). */
static bool is_prefix(const char *word, const char *value)
{
    return strncmp(word, value, strlen(value)) == 0;
}

static bool is_hvm(struct repair *p)
{
    char value[64];

    if (p->r->facts->guest != GUEST_UNKNOWN)
        return p->r->facts->guest == GUEST_HVM;
    return (xl_file_value(p->text, "builder", value, sizeof(value)) ||
            xl_file_value(p->text, "type", value, sizeof(value))) &&
           is_prefix("hvm", value);
}

/* R10: Xen up to 4.9 takes any unknown builder for PV; later ones reject it. */
static void repair_builder(struct repair *p)
{
    char builder[64], type[64];

    if (!rule_applies(p->r, CONFIG_RULE_R10, 10, LIMITS_MINOR_MAX) || !has_setting(p, "builder"))
        return;
    if (!xl_file_value(p->text, "builder", builder, sizeof(builder)) ||
        (!is_prefix("hvm", builder) && !is_prefix("generic", builder)))
        set_or_drop(p, "R10", "builder", is_hvm(p) ? "\"hvm\"" : "\"generic\"",
                    "xl accepts only the builders hvm and generic.");
    if (xl_file_value(p->text, "type", type, sizeof(type)) && is_prefix("hvm", type) != is_hvm(p))
        set_or_drop(p, "R10", "type", is_hvm(p) ? "\"hvm\"" : "\"pv\"",
                    "type and builder must agree.");
}

static void repair_rejected_keys(struct repair *p)
{
    long vcpus, max_vcpus;

    repair_builder(p);
    if (rule_applies(p->r, CONFIG_RULE_R10, 10, LIMITS_MINOR_MAX) && !is_hvm(p) &&
        has_setting(p, "timer_mode"))
        set_or_drop(p, "R10", "timer_mode", NULL, "xl rejects timer_mode for a PV guest.");
    if (rule_applies(p->r, CONFIG_RULE_R10, 0, LIMITS_MINOR_MAX) && !is_hvm(p) &&
        !has_setting(p, "kernel") && !has_setting(p, "bootloader") && !has_setting(p, "firmware"))
        set_or_drop(p, "R10", "bootloader", "\"pygrub\"",
                    "xl requires a kernel or a bootloader; a restore uses neither.");
    if (rule_applies(p->r, CONFIG_RULE_R10, 6, LIMITS_MINOR_MAX) &&
        xl_file_number(p->text, "vcpus", &vcpus) &&
        xl_file_number(p->text, "maxvcpus", &max_vcpus) && max_vcpus < vcpus)
        change_number(p, "R10", "maxvcpus", vcpus, "maxvcpus must not be below vcpus.");
}

static void repair_tsc_mode(struct repair *p)
{
    if (rule_applies(p->r, CONFIG_RULE_R13, 12, LIMITS_MINOR_MAX) &&
        (value_is(p, "tsc_mode", "native_paravirt") || value_is(p, "tsc_mode", "3")))
        set_or_drop(p, "R13", "tsc_mode", "\"always_emulate\"",
                    "Xen 4.12 and later do not support native_paravirt.");
}

static void repair_memory(struct repair *p)
{
    long memory, maxmem, needed;

    if (!rule_applies(p->r, CONFIG_RULE_R11, 0, LIMITS_MINOR_MAX) ||
        !xl_file_number(p->text, "memory", &memory))
        return;
    needed = rule_memory(p->r, memory);
    if (needed <= memory)
        return;
    change_number(p, "R11", "memory", needed, "the stream has pages for this many MiB.");
    if (xl_file_number(p->text, "maxmem", &maxmem) && maxmem < needed)
        change_number(p, "R11", "maxmem", needed, "maxmem must not be below memory.");
}

static void repair_vcpus(struct repair *p)
{
    long vcpus = 1, max_vcpus = 0, needed = rule_vcpus(p->r);

    if (!rule_applies(p->r, CONFIG_RULE_R18, 0, LIMITS_MINOR_MAX))
        return;
    (void)xl_file_number(p->text, "vcpus", &vcpus);
    (void)xl_file_number(p->text, "maxvcpus", &max_vcpus);
    if (needed > (max_vcpus > vcpus ? max_vcpus : vcpus))
        change_number(p, "R18",
                      has_setting(p, "vcpus") || has_setting(p, "maxvcpus") ? "maxvcpus" : "vcpus",
                      needed, "the stream has this many vcpus.");
}

/* The stream sets HVM_PARAM_VIRIDIAN, too, and Xen rejects a second, different value. */
static void repair_viridian(struct repair *p)
{
    const char *list = rule_viridian(p->r, true);
    struct xl_setting s;

    if (rule_viridian_applies(p->r) && xl_file_find(p->text, "viridian", &s) && !s.list &&
        !value_is(p, "viridian", "0"))
        set_or_drop(p, "R3", "viridian", list ? list : "0",
                    "the value in the stream; Xen 4.6 to 4.14 reject any other.");
}

static void repair_device_model(struct repair *p)
{
    if (rule_device_model(p->r) && is_hvm(p) && !has_setting(p, "device_model_version"))
        set_or_drop(p, "R1", "device_model_version", "\"qemu-xen-traditional\"",
                    "the device model that wrote the state.");
}

/* Appends "[" and the items of the list, unchanged, if there is one. += adds to earlier items. */
static void copy_items(struct repair *p, const char *key, struct config_text *value)
{
    size_t pos = 0, at, item, end;
    struct xl_setting s;

    config_text_add(value, "[", 1);
    while (xl_file_find_next(p->text, key, &pos, &s)) {
        if (!s.add)
            value->len = 1;
        for (at = s.value; s.list && xl_file_item(p->text->bytes, s.end, &at, &item, &end);) {
            if (value->len > 1)
                config_text_add(value, ", ", 2);
            config_text_add(value, p->text->bytes + item, end - item);
        }
    }
}

static void add_arguments(struct repair *p, const struct rule_qemu *needed)
{
    struct config_text value = {0};

    copy_items(p, "device_model_args_hvm", &value);
    rule_add_arguments(needed, &value);
    if (value.no_memory)
        p->text->no_memory = true;
    else
        set_or_drop(p, needed->ids, "device_model_args_hvm", value.bytes,
                    "the devices as the old QEMU had them.");
    config_text_free(&value);
}

static void repair_qemu(struct repair *p)
{
    struct rule_qemu needed;
    char vga[16];

    rule_qemu(p->r, &needed);
    if (needed.lines.vga) {
        snprintf(vga, sizeof(vga), "\"%s\"", needed.lines.vga);
        set_or_drop(p, needed.ids, "vga", vga,
                    "the VGA device is defined by the QEMU arguments below.");
    }
    if (needed.lines.videoram)
        change_number(p, needed.ids, "videoram", (long)needed.lines.videoram,
                      "the video memory that the guest had.");
    if (needed.lines.xen_platform_pci_off)
        set_or_drop(p, needed.ids, "xen_platform_pci", "0",
                    "the device is defined by the QEMU arguments below.");
    if (needed.lines.no_soundhw && has_setting(p, "soundhw"))
        set_or_drop(p, needed.ids, "soundhw", NULL,
                    "the device is defined by the QEMU arguments below.");
    if (needed.lines.args_count > 0)
        add_arguments(p, &needed);
}

#define TAP "backendtype=tap"

static bool ends_option(char c)
{
    return c == ',' || c == '"' || c == '\'';
}

/* Finds the option between pos and end. pos > 0. */
static const char *find_tap(const char *bytes, size_t pos, size_t end)
{
    const char *tap = memmem(bytes + pos, end - pos, TAP, strlen(TAP));

    return tap && ends_option(tap[-1]) && ends_option(tap[strlen(TAP)]) ? tap : NULL;
}

/* Computes the bytes to remove, the option and one comma: from *at. Returns their end. */
static size_t cut_tap(const char *bytes, const char *tap, size_t *at)
{
    size_t end = (size_t)(tap - bytes) + strlen(TAP);

    *at = (size_t)(tap - bytes);
    if (bytes[end] == ',')
        return end + 1;
    *at -= bytes[*at - 1] == ',';
    return end;
}

/* Writes a list without the option. An occurrence after "target=" belongs to the target. */
static bool drop_taps(void *ctx, const char *bytes, const struct xl_setting *s,
                      struct config_text *value)
{
    size_t pos = s->value, copied = s->value, item, end, at;
    struct repair *p = ctx;

    while (s->list && xl_file_item(bytes, s->end, &pos, &item, &end)) {
        const char *target = memmem(bytes + item, end - item, "target=", 7), *tap;

        if (target)
            end = (size_t)(target - bytes);
        while ((tap = find_tap(bytes, item, end)) != NULL) {
            item = cut_tap(bytes, tap, &at);
            config_text_add(value, bytes + copied, at - copied);
            copied = item;
        }
    }
    if (copied == s->value)
        return false;
    config_text_add(value, bytes + copied, s->end - copied);
    config_text_add(value, "", 1);
    if (!value->no_memory)
        note_value(p, "R17", "disk", value->bytes);
    return true;
}

static void repair_taps(struct repair *p)
{
    const struct xl_change how = {.keep_old = p->r->keep_old,
                                  .why = "no backend tap: libxl chooses another."};

    if (rule_applies(p->r, CONFIG_RULE_R17, 13, LIMITS_MINOR_MAX))
        xl_file_edit(p->text, "disk", drop_taps, p, &how);
}

bool config_repair_text(const struct config_request *request, struct config_text *text,
                        unsigned *changes, struct cls_error *err)
{
    struct repair p = {request, text, changes};

    *changes = 0;
    if (!xl_file_is_valid(text)) {
        cls_warn(request->log, "configuration has a line that xl cannot parse; it is not changed");
        return true;
    }
    repair_rejected_keys(&p);
    repair_tsc_mode(&p);
    repair_memory(&p);
    repair_vcpus(&p);
    repair_viridian(&p);
    repair_device_model(&p);
    repair_qemu(&p);
    repair_taps(&p);
    return !text->no_memory ||
           cls_fail_errno(err, ENOMEM, "cannot allocate memory for the configuration");
}
