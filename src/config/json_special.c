/*
 * Members of libxl's JSON that need code of their own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_put.h"

bool json_put_type(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    if (json_text_is(t->c, value, "hvm"))
        xl_put(t->text, "type = \"hvm\"\nbuilder = \"hvm\"\n");
    else if (json_text_is(t->c, value, "pv"))
        xl_put(t->text, "type = \"pv\"\n");
    else
        return json_text_fail(t, row->json);
    return true;
}

bool json_put_vcpus(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    size_t count = json_length(t->c, value);

    if (count > 0)
        xl_put_number(t->text, row->xl, (long long)count);
    return true;
}

/* Writes an array of CPU numbers as "0,1,2". */
static bool put_cpus(struct json_text *t, const struct json_row *row, struct json_object *cpus)
{
    size_t count = json_length(t->c, cpus);

    (void)row;
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

bool json_put_affinity(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    return json_put_list(t, row, value, put_cpus);
}

/* Writes nothing for 0, which PV guests have. */
bool json_put_videoram(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    int64_t n;

    if (json_integer(t->c, value, &n) && n > 0)
        xl_put_number(t->text, row->xl, (n + 1023) / 1024);
    return true;
}

/* Writes {"leaf": 1, "ecx": "xx..."} as "0x1:ecx=xx...". */
static bool put_leaf(struct json_text *t, const struct json_row *row, struct json_object *leaf)
{
    static const char *const registers[] = {"eax", "ebx", "ecx", "edx"};
    int64_t number, subleaf;
    const char *sign = ":";
    char text[64];

    if (!json_integer(t->c, json_member(t->c, leaf, "leaf"), &number))
        return json_text_fail(t, row->json);
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

bool json_put_cpuid(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    return json_put_list(t, row, value, put_leaf);
}

static bool put_ports(struct json_text *t, const struct json_row *row, struct json_object *range)
{
    int64_t first, number = 1;
    char text[64];

    if (!json_integer(t->c, json_member(t->c, range, "first"), &first))
        first = 0;
    (void)json_integer(t->c, json_member(t->c, range, "number"), &number);
    if (number < 1 || first > UINT16_MAX || number > UINT16_MAX)
        return json_text_fail(t, row->json);
    snprintf(text, sizeof(text), "%" PRIx64 "-%" PRIx64, (uint64_t)first,
             (uint64_t)(first + number - 1));
    xl_item(t->text, text);
    return true;
}

bool json_put_ioports(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    return json_put_list(t, row, value, put_ports);
}

bool json_put_vga(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    const char *kind = json_text(t->c, value);

    if (!kind)
        return json_text_fail(t, row->xl);
    xl_put_string(t->text, row->xl, strcmp(kind, "std") == 0 ? "stdvga" : kind);
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

bool json_put_viridian(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    enum json_bool is = json_bool_of(t->c, value);
    bool list = json_length(t->c, json_member(t->c, t->parent, "viridian_enable")) +
                    json_length(t->c, json_member(t->c, t->parent, "viridian_disable")) >
                0;

    if (!list) {
        if (is != JSON_DEFAULT)
            xl_put_number(t->text, row->xl, is == JSON_TRUE);
        return true;
    }
    xl_list_begin(t->text, row->xl);
    if (is == JSON_TRUE)
        xl_item(t->text, "defaults");
    if (!put_enlightenments(t, "viridian_enable", "") ||
        !put_enlightenments(t, "viridian_disable", "!"))
        return false;
    xl_list_end(t->text);
    return true;
}

/* Translates libxl's names of actions to xl's. */
bool json_put_action(struct json_text *t, const struct json_row *row, struct json_object *value)
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
            xl_put_string(t->text, row->xl, words[i][1]);
            return true;
        }
    return json_text_fail(t, row->json);
}
