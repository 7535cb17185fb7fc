/*
 * In JSON, keys are unique enough that the object around them need not be considered, and unknown
 * syntax is skipped.
 */
#include "config/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xl_file.h"

#define KEY_MAX   48
#define VALUE_MAX 64

/* public/hvm/params.h of Xen. */
#define HVMPV_BASE_FREQ      1u
#define HVMPV_NO_FREQ        2u
#define HVMPV_TIME_REF_COUNT 4u

static bool is_true(const char *value)
{
    return strcmp(value, "1") == 0 || strcmp(value, "True") == 0 || strcmp(value, "true") == 0;
}

static bool is_false(const char *value)
{
    return strcmp(value, "0") == 0 || strcmp(value, "False") == 0 || strcmp(value, "false") == 0;
}

/* xl accepts any prefix of these words (xl_parse.c). */
static enum guest_type read_type(const char *value, const char *pv)
{
    size_t n = strlen(value);

    return strncmp(value, "hvm", n) == 0 ? GUEST_HVM
           : strncmp(value, pv, n) == 0  ? GUEST_PV
                                         : GUEST_UNKNOWN;
}

static void read_builder(struct limits_config_facts *c, const char *value)
{
    size_t n = strlen(value);

    c->builder_type = read_type(value, "generic");
    c->bad_builder = c->builder_type == GUEST_UNKNOWN;
    if (c->bad_builder)
        memcpy(c->builder, value, n < sizeof(c->builder) ? n + 1 : sizeof(c->builder) - 1);
}

/* Keys that have the same name in both formats. */
static void read_common(struct limits_config_facts *c, const char *key, const char *value)
{
    if (strcmp(key, "viridian") == 0)
        c->viridian = !is_false(value);
    else if (strcmp(key, "xen_platform_pci") == 0)
        c->no_platform_pci = is_false(value);
    else if (strcmp(key, "acpi") == 0)
        c->acpi_off = is_false(value);
    else if (strcmp(key, "pvh") == 0)
        c->pvh = is_true(value);
    else if (strcmp(key, "tsc_mode") == 0)
        c->pvrdtscp = strcmp(value, "native_paravirt") == 0 || strcmp(value, "3") == 0;
    else if (strcmp(key, "device_model_version") == 0)
        c->traditional = strcmp(value, "qemu-xen-traditional") == 0 ||
                         strcmp(value, "qemu_xen_traditional") == 0;
}

static void read_text_setting(struct limits_config_facts *c, const char *key, const char *value)
{
    if (strcmp(key, "nestedhvm") == 0)
        c->nested_hvm = is_true(value);
    else if (strcmp(key, "device_model_stubdomain_override") == 0)
        c->stubdom = is_true(value);
    else if (strcmp(key, "timer_mode") == 0)
        c->timer_mode = true;
    else if (strcmp(key, "device_model_override") == 0)
        c->has_device_model = *value;
    else if (strcmp(key, "memory") == 0)
        c->memory_kib = strtoul(value, NULL, 0) % (UINT64_C(1) << 32) * 1024;
    else if (strcmp(key, "vcpus") == 0)
        c->vcpus = strtoul(value, NULL, 0);
    else if (strcmp(key, "maxvcpus") == 0)
        c->max_vcpus = strtoul(value, NULL, 0);
    else if (strcmp(key, "builder") == 0)
        read_builder(c, value);
    else if (strcmp(key, "type") == 0)
        c->type = read_type(value, "pv");
    else
        read_common(c, key, value);
}

/* Names as in libxl_types.idl of Xen 4.5. */
static void read_json_setting(struct limits_config_facts *c, const char *key, const char *value)
{
    if (strcmp(key, "nested_hvm") == 0)
        c->nested_hvm = is_true(value);
    else if (strcmp(key, "device_model_stubdomain") == 0)
        c->stubdom = is_true(value);
    else if (strcmp(key, "max_vcpus") == 0)
        c->max_vcpus = strtoul(value, NULL, 10);
    else if (strcmp(key, "device_model") == 0)
        c->has_device_model = *value;
    else if (strcmp(key, "type") == 0 && *value && c->type == GUEST_UNKNOWN)
        c->type = read_type(value, "pv");
    else
        read_common(c, key, value);
}

/*
 * Returns the HVM_PARAM_VIRIDIAN that libxl computes from a list of these names; 0 if there are
 * other names.
 */
static uint64_t viridian_mask(const char *text, const struct xl_setting *s)
{
    uint64_t mask = HVMPV_NO_FREQ;
    size_t pos = s->value, item, end;
    char name[VALUE_MAX];

    while (xl_file_item(text, s->end, &pos, &item, &end)) {
        xl_file_copy(text, item, end, name, sizeof(name));
        if (strcmp(name, "base") == 0)
            mask |= HVMPV_BASE_FREQ;
        else if (strcmp(name, "time_ref_count") == 0)
            mask |= HVMPV_TIME_REF_COUNT;
        else if (strcmp(name, "freq") == 0)
            mask &= ~(uint64_t)HVMPV_NO_FREQ;
        else
            return 0;
    }
    return mask;
}

/* Adds an argument for QEMU. Returns false if it does not fit. */
static bool add_qemu_arg(struct limits_config_facts *c, const char *arg)
{
    size_t used = strlen(c->qemu_args);
    int n =
        snprintf(c->qemu_args + used, sizeof(c->qemu_args) - used, "%s%s\n", used ? "" : "\n", arg);

    if (n < (int)(sizeof(c->qemu_args) - used))
        return true;
    c->qemu_args[used] = '\0';
    return false;
}

static void read_qemu_args(struct limits_config_facts *c, const char *text,
                           const struct xl_setting *s)
{
    size_t pos = s->value, item, end;
    char arg[VALUE_MAX];

    *c->qemu_args = '\0';
    do {
        if (!xl_file_item(text, s->end, &pos, &item, &end))
            return;
        xl_file_copy(text, item, end, arg, sizeof(arg));
    } while (add_qemu_arg(c, arg));
}

static void read_text_statement(struct limits_config_facts *c, const char *text,
                                const struct xl_setting *s)
{
    char key[KEY_MAX], value[VALUE_MAX] = "";
    size_t pos = s->value, item, end;

    xl_file_copy(text, s->key, s->key + s->key_len, key, sizeof(key));
    if (strcmp(key, "viridian") == 0 && s->list)
        c->viridian_mask = viridian_mask(text, s);
    if (strcmp(key, "device_model_args_hvm") == 0)
        read_qemu_args(c, text, s);
    /* Of a list, the first item: viridian = [ "all" ]. */
    if (xl_file_item(text, s->end, &pos, &item, &end))
        xl_file_copy(text, item, end, value, sizeof(value));
    read_text_setting(c, key, value);
}

static void read_text(struct limits_config_facts *c, const char *text, size_t len)
{
    struct xl_setting s;

    for (size_t pos = 0; pos < len;)
        if (xl_file_next(text, len, &pos, &s))
            read_text_statement(c, text, &s);
}

/* A position in JSON. */
struct scan {
    const char *pos, *end;
};

/* Reads the characters of a value without quotes, truncated to size. */
static void read_word(struct scan *s, char *buf, size_t size)
{
    size_t n = 0;

    while (s->pos < s->end &&
           (*s->pos == '_' || *s->pos == '-' || *s->pos == '.' ||
            (*s->pos >= '0' && *s->pos <= '9') || (*s->pos >= 'a' && *s->pos <= 'z') ||
            (*s->pos >= 'A' && *s->pos <= 'Z'))) {
        if (n + 1 < size)
            buf[n++] = *s->pos;
        s->pos++;
    }
    buf[n] = '\0';
}

/* Reads a quoted string, truncated to size. Escapes are not decoded: no needed value has any. */
static void read_quoted(struct scan *s, char *buf, size_t size)
{
    size_t n = 0;

    s->pos++;
    while (s->pos < s->end && *s->pos != '"') {
        if (*s->pos == '\\' && s->pos + 1 < s->end)
            s->pos++;
        if (n + 1 < size)
            buf[n++] = *s->pos;
        s->pos++;
    }
    buf[n] = '\0';
    if (s->pos < s->end)
        s->pos++;
}

static void read_value(struct scan *s, char *buf, size_t size)
{
    if (s->pos < s->end && *s->pos == '"')
        read_quoted(s, buf, size);
    else
        read_word(s, buf, size);
}

static void skip_space(struct scan *s)
{
    while (s->pos < s->end &&
           (*s->pos == '\n' || *s->pos == ' ' || *s->pos == '\t' || *s->pos == '\r'))
        s->pos++;
}

/* Reads all strings up to the closing bracket. */
static void read_json_qemu_args(struct limits_config_facts *c, struct scan s)
{
    char arg[VALUE_MAX];

    *c->qemu_args = '\0';
    while (s.pos < s.end && *s.pos != ']')
        if (*s.pos != '"')
            s.pos++;
        else {
            read_quoted(&s, arg, sizeof(arg));
            if (!add_qemu_arg(c, arg))
                return;
        }
}

static void scan_json(struct limits_config_facts *c, struct scan s)
{
    char key[KEY_MAX], value[VALUE_MAX];

    while (s.pos < s.end) {
        if (*s.pos != '"') {
            s.pos++;
            continue;
        }
        read_quoted(&s, key, sizeof(key));
        skip_space(&s);
        if (s.pos == s.end || *s.pos != ':')
            continue;
        s.pos++;
        skip_space(&s);
        if (strcmp(key, "extra_hvm") == 0)
            read_json_qemu_args(c, s);
        if (s.pos < s.end && *s.pos != '{' && *s.pos != '[') {
            read_value(&s, value, sizeof(value));
            read_json_setting(c, key, value);
        }
    }
}

void config_facts(struct limits_facts *facts, const char *text, size_t len, bool json)
{
    struct limits_config_facts *c = &facts->config;

    *c = (struct limits_config_facts){.found = true, .json = json};
    if (json)
        scan_json(c, (struct scan){text, text + len});
    else
        read_text(c, text, len);
}
