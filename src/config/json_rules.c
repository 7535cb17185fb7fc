#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_place.h"
#include "json_value.h"
#include "rules.h"

#define KIB_PER_MIB 1024
#define HVM         "type.hvm"

struct repair {
    const struct config_request *r;
    const struct json_config *c;     /* the original */
    struct config_text *text;        /* the text, which is changed */
    struct json_object *build, *hvm; /* b_info and its type.hvm; NULL: none */
    unsigned *changes;
};

static const struct json_path *const build_path = JSON_PATH("b_info");
static const struct json_path *const hvm_path = JSON_PATH("b_info", HVM);

/* Sets a member of b_info (hvm: of type.hvm in it), or adds it. */
static void set(struct repair *p, const char *id, bool hvm, const char *key, const char *value)
{
    char what[160];

    if (!json_member(p->c, hvm ? p->hvm : p->build, key))
        json_add(p->text, hvm ? hvm_path : build_path, key, value);
    else if (hvm)
        json_set(p->text, JSON_PATH("b_info", HVM, key), value);
    else
        json_set(p->text, JSON_PATH("b_info", key), value);
    snprintf(what, sizeof(what), "%s becomes %.100s", key, value);
    rule_note(p->r, p->changes, id, what);
}

static void set_number(struct repair *p, const char *id, const char *key, int64_t n)
{
    char value[32];

    snprintf(value, sizeof(value), "%" PRId64, n);
    set(p, id, false, key, value);
}

/* Removes a member of type.hvm, if it exists. */
static void drop(struct repair *p, const char *id, const char *key)
{
    char what[160];

    if (!json_member(p->c, p->hvm, key))
        return;
    json_drop(p->text, JSON_PATH("b_info", HVM, key));
    snprintf(what, sizeof(what), "%s is dropped", key);
    rule_note(p->r, p->changes, id, what);
}

static void repair_memory(struct repair *p)
{
    int64_t target, max;
    long needed;

    if (!rule_applies(p->r, CONFIG_RULE_R11, 0, LIMITS_MINOR_MAX) ||
        !json_integer(p->c, json_member(p->c, p->build, "target_memkb"), &target))
        return;
    needed = rule_memory(p->r, (long)(target / KIB_PER_MIB));
    if (needed <= target / KIB_PER_MIB)
        return;
    set_number(p, "R11", "target_memkb", (int64_t)needed * KIB_PER_MIB);
    if (json_integer(p->c, json_member(p->c, p->build, "max_memkb"), &max) &&
        max < (int64_t)needed * KIB_PER_MIB)
        set_number(p, "R11", "max_memkb", (int64_t)needed * KIB_PER_MIB);
}

static void repair_vcpus(struct repair *p)
{
    int64_t max_vcpus = 1;

    (void)json_integer(p->c, json_member(p->c, p->build, "max_vcpus"), &max_vcpus);
    if (rule_applies(p->r, CONFIG_RULE_R18, 0, LIMITS_MINOR_MAX) && rule_vcpus(p->r) > max_vcpus)
        set_number(p, "R18", "max_vcpus", rule_vcpus(p->r));
}

static void repair_viridian(struct repair *p)
{
    const char *list = rule_viridian(p->r, false);

    if (!rule_viridian_applies(p->r) ||
        json_bool_of(p->c, json_member(p->c, p->hvm, "viridian")) != JSON_TRUE)
        return;
    set(p, "R3", true, "viridian", "\"False\"");
    if (list)
        set(p, "R3", true, "viridian_enable", list);
    else
        drop(p, "R3", "viridian_enable");
    drop(p, "R3", "viridian_disable");
}

static void add_arguments(struct repair *p, const struct rule_qemu *needed)
{
    struct config_text value = {0};
    size_t start, end;
    struct json_object *old = json_member(p->c, p->build, "extra_hvm");

    config_text_add(&value, "[", 1);
    if (old && p->c->json->json_object_is_type(old, json_type_array) &&
        p->c->json->json_object_array_length(old) > 0 &&
        json_find(p->text, JSON_PATH("b_info", "extra_hvm"), &start, &end) &&
        p->text->bytes[start] == '[')
        config_text_add(&value, p->text->bytes + start + 1, end - start - 2);
    rule_add_arguments(needed, &value);
    if (value.no_memory)
        p->text->no_memory = true;
    else
        set(p, needed->ids, false, "extra_hvm", value.bytes);
    config_text_free(&value);
}

static void repair_qemu(struct repair *p)
{
    struct rule_qemu needed;
    char value[32];

    if (!p->hvm)
        return;
    rule_qemu(p->r, &needed);
    if (needed.lines.vga) {
        snprintf(value, sizeof(value), "{ \"kind\": \"%s\" }", needed.lines.vga);
        set(p, needed.ids, true, "vga", value);
    }
    if (needed.lines.videoram)
        set_number(p, needed.ids, "video_memkb", (int64_t)needed.lines.videoram * KIB_PER_MIB);
    if (needed.lines.xen_platform_pci_off)
        set(p, needed.ids, true, "xen_platform_pci", "\"False\"");
    if (needed.lines.no_soundhw)
        drop(p, needed.ids, "soundhw");
    if (needed.lines.args_count > 0)
        add_arguments(p, &needed);
}

static void repair_taps(struct repair *p)
{
    struct json_object *disks = json_member(p->c, p->c->root, "disks");
    size_t count;

    if (!rule_applies(p->r, CONFIG_RULE_R17, 13, LIMITS_MINOR_MAX) || !disks ||
        !p->c->json->json_object_is_type(disks, json_type_array))
        return;
    count = p->c->json->json_object_array_length(disks);
    for (size_t i = 0; i < count; i++) {
        struct json_object *disk = p->c->json->json_object_array_get_idx(disks, i);
        char index[24];

        if (!json_text_is(p->c, json_member(p->c, disk, "backend"), "tap"))
            continue;
        snprintf(index, sizeof(index), "#%zu", i);
        json_drop(p->text, JSON_PATH("disks", index, "backend"));
        rule_note(p->r, p->changes, "R17", "a disk's backend tap is dropped");
    }
}

static void repair_tsc_mode(struct repair *p)
{
    if (rule_applies(p->r, CONFIG_RULE_R13, 12, LIMITS_MINOR_MAX) &&
        json_text_is(p->c, json_member(p->c, p->build, "tsc_mode"), "native_paravirt"))
        set(p, "R13", false, "tsc_mode", "\"always_emulate\"");
}

static void repair_device_model(struct repair *p)
{
    if (rule_device_model(p->r) && p->hvm && !json_member(p->c, p->build, "device_model_version"))
        set(p, "R1", false, "device_model_version", "\"qemu_xen_traditional\"");
}

bool config_repair_json(const struct config_request *request, const struct lazy_json *json,
                        struct config_text *text, unsigned *changes, struct cls_error *err)
{
    struct json_config c;
    struct repair p = {.r = request, .c = &c, .text = text, .changes = changes};
    struct cls_error reason = {0};

    *changes = 0;
    if (!json_config_open(&c, json, text, &reason))
        cls_warn(request->log, "%s; it is not changed", reason.reason);
    p.build = json_member(&c, c.root, "b_info");
    p.hvm = json_member(&c, p.build, HVM);
    if (p.build) {
        repair_memory(&p);
        repair_vcpus(&p);
        repair_tsc_mode(&p);
        repair_viridian(&p);
        repair_device_model(&p);
        repair_qemu(&p);
        repair_taps(&p);
    }
    json_config_close(&c);
    return !text->no_memory ||
           cls_fail_errno(err, ENOMEM, "cannot allocate memory for the configuration");
}
