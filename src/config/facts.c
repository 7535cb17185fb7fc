/*
 * xl's text is read by the parser for repairs (xl_file.c). JSON is only searched: json-c may not be
 * there. In JSON, keys are unique enough that the object around them need not be considered, and
 * unknown syntax is skipped.
 */
#include "config/facts.h"

#include <stdio.h>
#include <string.h>

#include "xl_file.h"

#define KEY_MAX   48
#define VALUE_MAX 64

/* public/hvm/params.h of Xen. */
#define HVMPV_BASE_FREQ      1u
#define HVMPV_NO_FREQ        2u
#define HVMPV_TIME_REF_COUNT 4u

/* The value of a setting. */
struct value {
    char string[VALUE_MAX]; /* truncated; "" for a list */
    long number;            /* 0 if it is none */
    bool is_number, list;
};

static bool is_false(const struct value *v)
{
    return v->is_number && v->number == 0;
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
static void read_common(struct limits_config_facts *c, const char *key, const struct value *v)
{
    if (strcmp(key, "viridian") == 0)
        c->viridian = v->number != 0;
    else if (strcmp(key, "xen_platform_pci") == 0)
        c->no_platform_pci = is_false(v);
    else if (strcmp(key, "acpi") == 0)
        c->acpi_off = is_false(v);
    else if (strcmp(key, "pvh") == 0)
        c->pvh = v->number != 0;
    else if (strcmp(key, "tsc_mode") == 0)
        c->pvrdtscp = strcmp(v->string, "native_paravirt") == 0 || v->number == 3;
    else if (strcmp(key, "device_model_version") == 0)
        c->traditional = strcmp(v->string, "qemu-xen-traditional") == 0 ||
                         strcmp(v->string, "qemu_xen_traditional") == 0;
}

static void add_nic(struct limits_config_facts *c, bool emulated)
{
    if (emulated && c->nic_count < 32)
        c->emulated_nics |= UINT32_C(1) << c->nic_count;
    c->nic_count++;
}

static uint64_t count_of(const struct value *v)
{
    return v->number > 0 ? (uint64_t)v->number : 0;
}

/* A value of another kind than xl expects is as none. */
static void read_text_setting(struct limits_config_facts *c, const char *key, const struct value *v)
{
    if (strcmp(key, "nestedhvm") == 0)
        c->nested_hvm = v->number != 0;
    else if (strcmp(key, "device_model_stubdomain_override") == 0)
        c->stubdom = v->number != 0;
    else if (strcmp(key, "timer_mode") == 0)
        c->timer_mode = !v->list;
    else if (strcmp(key, "device_model_override") == 0)
        c->has_device_model = *v->string;
    else if (strcmp(key, "memory") == 0)
        c->memory_kib = (uint64_t)v->number % (UINT64_C(1) << 32) * 1024;
    else if (strcmp(key, "vcpus") == 0)
        c->vcpus = count_of(v);
    else if (strcmp(key, "maxvcpus") == 0)
        c->max_vcpus = count_of(v);
    else if (strcmp(key, "builder") == 0 && !v->list)
        read_builder(c, v->string);
    else if (strcmp(key, "type") == 0 && !v->list)
        c->type = read_type(v->string, "pv");
    else
        read_common(c, key, v);
}

/* Names as in libxl_types.idl of Xen 4.5. */
static void read_json_setting(struct limits_config_facts *c, const char *key, const struct value *v)
{
    if (strcmp(key, "nested_hvm") == 0)
        c->nested_hvm = v->number != 0;
    else if (strcmp(key, "device_model_stubdomain") == 0)
        c->stubdom = v->number != 0;
    else if (strcmp(key, "max_vcpus") == 0)
        c->max_vcpus = count_of(v);
    else if (strcmp(key, "device_model") == 0)
        c->has_device_model = *v->string;
    else if (strcmp(key, "nictype") == 0)
        add_nic(c, strcmp(v->string, "vif_ioemu") == 0);
    else if (strcmp(key, "type") == 0 && *v->string && c->type == GUEST_UNKNOWN)
        c->type = read_type(v->string, "pv");
    else
        read_common(c, key, v);
}

/*
 * Returns the HVM_PARAM_VIRIDIAN that libxl computes from a list of these names; 0 if there are
 * other names or none.
 */
static uint64_t viridian_mask(const char *text, const struct xl_setting *s)
{
    uint64_t mask = HVMPV_NO_FREQ;
    size_t pos = s->value, item, end, count = 0;
    char name[VALUE_MAX];

    for (; xl_file_item(text, s->end, &pos, &item, &end); count++) {
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
    return count > 0 ? mask : 0;
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

    if (!s->add)
        *c->qemu_args = '\0';
    do {
        if (!xl_file_item(text, s->end, &pos, &item, &end))
            return;
        xl_file_copy(text, item, end, arg, sizeof(arg));
    } while (add_qemu_arg(c, arg));
}

/* xl emulates a card, too, unless the item says type=vif. */
static void read_vifs(struct limits_config_facts *c, const char *text, const struct xl_setting *s)
{
    size_t pos = s->value, item, end;

    if (!s->add)
        c->nic_count = c->emulated_nics = 0;
    while (xl_file_item(text, s->end, &pos, &item, &end))
        add_nic(c, memmem(text + item, end - item, "type=vif", 8) == NULL);
}

static void note_number(struct value *v)
{
    v->is_number = xl_parse_number(v->string, &v->number);
    if (!v->is_number)
        v->number = 0;
}

static void read_text_value(const char *text, const struct xl_setting *s, struct value *v)
{
    *v = (struct value){.list = s->list};
    if (s->list)
        return;
    xl_file_copy(text, s->value, s->end, v->string, sizeof(v->string));
    if (!s->add)
        note_number(v);
}

static void read_viridian_list(struct limits_config_facts *c, const char *text,
                               const struct xl_setting *s)
{
    size_t pos = s->value, item, end;

    c->viridian = xl_file_item(text, s->end, &pos, &item, &end) || (s->add && c->viridian);
    c->viridian_mask = s->add ? 0 : viridian_mask(text, s);
}

static void read_statement(struct limits_config_facts *c, const char *text,
                           const struct xl_setting *s)
{
    char key[KEY_MAX];
    struct value value;

    xl_file_copy(text, s->key, s->key + s->key_len, key, sizeof(key));
    if (strcmp(key, "device_model_args_hvm") == 0) {
        read_qemu_args(c, text, s);
    } else if (strcmp(key, "vif") == 0 && s->list) {
        read_vifs(c, text, s);
    } else if (strcmp(key, "viridian") == 0 && s->list) {
        read_viridian_list(c, text, s);
    } else {
        read_text_value(text, s, &value);
        read_text_setting(c, key, &value);
    }
}

static unsigned newlines_before(const char *text, size_t pos)
{
    unsigned n = 0;

    for (size_t i = 0; i < pos; i++)
        n += text[i] == '\n';
    return n;
}

static void read_text(struct limits_config_facts *c, const char *text, size_t len)
{
    enum xl_result result;
    struct xl_setting s;
    size_t pos = 0;

    while ((result = xl_file_next(text, len, &pos, &s)) != XL_END)
        if (result == XL_STATEMENT)
            read_statement(c, text, &s);
        else if (c->bad_line == 0)
            c->bad_line = 1 + newlines_before(text, s.key);
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

static void read_value(struct scan *s, struct value *v)
{
    *v = (struct value){0};
    if (s->pos < s->end && *s->pos == '"')
        read_quoted(s, v->string, sizeof(v->string));
    else
        read_word(s, v->string, sizeof(v->string));
    note_number(v);
    if (strcmp(v->string, "True") == 0 || strcmp(v->string, "true") == 0)
        v->number = v->is_number = 1;
    else if (strcmp(v->string, "False") == 0 || strcmp(v->string, "false") == 0)
        v->is_number = true;
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
    char key[KEY_MAX];
    struct value value;

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
        if (strcmp(key, "extra_hvm") == 0 && !*c->qemu_args)
            read_json_qemu_args(c, s);
        if (s.pos < s.end && *s.pos != '{' && *s.pos != '[') {
            read_value(&s, &value);
            read_json_setting(c, key, &value);
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

void config_setting(const char *text, size_t len, const char *key, char *buf, size_t size)
{
    enum xl_result result;
    struct xl_setting s;
    size_t pos = 0;

    while ((result = xl_file_next(text, len, &pos, &s)) != XL_END)
        if (result == XL_STATEMENT && !s.list && xl_file_has_key(text, &s, key))
            xl_file_copy(text, s.value, s.end, buf, size);
}
