#include "xl_config.h"

#include <stdio.h>
#include <string.h>

#define JSON_DEPTH_MAX 32 /* real ones have about 5 levels */

static enum guest_type parse_guest(const char *value)
{
    if (strcmp(value, "hvm") == 0)
        return GUEST_HVM;
    return strcmp(value, "pv") == 0 || strcmp(value, "generic") == 0 ? GUEST_PV : GUEST_UNKNOWN;
}

static void set_field(struct inspection *r, const char *key, const char *value)
{
    if (strcmp(key, "name") == 0)
        snprintf(r->name, sizeof(r->name), "%s", value);
    else if (strcmp(key, "uuid") == 0)
        snprintf(r->uuid, sizeof(r->uuid), "%s", value);
    else if (strcmp(key, "type") == 0 || strcmp(key, "builder") == 0)
        r->config_guest = parse_guest(value);
}

/* Parses key = "value" or key = 'value' (tools/libxl/libxlu_cfg_l.l of Xen 4.5). */
static void parse_line(struct inspection *r, const char *line)
{
    char key[16], value[256];
    size_t n;

    line += strspn(line, " \t");
    n = strspn(line, "abcdefghijklmnopqrstuvwxyz_");
    if (n == 0 || n >= sizeof(key))
        return;
    memcpy(key, line, n);
    key[n] = '\0';
    line += n;
    line += strspn(line, " \t");
    if (*line++ != '=')
        return;
    line += strspn(line, " \t");
    if (*line != '"' && *line != '\'')
        return;
    for (n = 0; n < sizeof(value) - 1 && line[1 + n] != *line; n++) {
        if (line[1 + n] == '\0' || line[1 + n] == '\n')
            return;
        value[n] = line[1 + n];
    }
    value[n] = '\0';
    set_field(r, key, value);
}

static void read_text(struct inspection *r)
{
    for (const char *line = r->config.text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        parse_line(r, line);
    }
}

/* libxl_domain_config as JSON: {"c_info": {"type": "hvm", "name": ..., "uuid": ...}, ...}. */
static void read_json(struct inspection *r, const struct lazy_json *json)
{
    static const char *const keys[] = {"name", "uuid", "type"};
    struct json_tokener *tokener = json->json_tokener_new_ex(JSON_DEPTH_MAX);
    struct json_object *root, *info, *value;

    if (!tokener)
        return;
    root = json->json_tokener_parse_ex(tokener, r->config.text, (int)strlen(r->config.text));
    if (root && json->json_object_object_get_ex(root, "c_info", &info))
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            if (json->json_object_object_get_ex(info, keys[i], &value) &&
                json->json_object_is_type(value, json_type_string))
                set_field(r, keys[i], json->json_object_get_string(value));
    json->json_object_put(root);
    json->json_tokener_free(tokener);
}

void xl_config_read(struct inspection *r, const struct lazy_json *json)
{
    if (!r->config.text)
        return;
    if (r->config.format == ENVELOPE_CONFIG_TEXT)
        read_text(r);
    else if (r->config.format == ENVELOPE_CONFIG_JSON && json)
        read_json(r, json);
}
