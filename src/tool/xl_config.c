#include "xl_config.h"

#include <stdio.h>
#include <string.h>

#include "config/facts.h"

#define JSON_DEPTH_MAX 32 /* real ones have about 5 levels */

static void read_text(struct inspection *r)
{
    size_t len = strlen(r->config.text);

    config_setting(r->config.text, len, "name", r->name, sizeof(r->name));
    config_setting(r->config.text, len, "uuid", r->uuid, sizeof(r->uuid));
}

static void set_text(const struct lazy_json *json, struct json_object *object, const char *key,
                     char *buf, size_t size)
{
    struct json_object *value;

    if (json->json_object_object_get_ex(object, key, &value) &&
        json->json_object_is_type(value, json_type_string))
        snprintf(buf, size, "%s", json->json_object_get_string(value));
}

/* libxl_domain_config as JSON: {"c_info": {"name": ..., "uuid": ...}, ...}. */
static void read_json(struct inspection *r, const struct lazy_json *json)
{
    struct json_tokener *tokener = json->json_tokener_new_ex(JSON_DEPTH_MAX);
    struct json_object *root, *info;

    if (!tokener)
        return;
    root = json->json_tokener_parse_ex(tokener, r->config.text, (int)strlen(r->config.text));
    if (root && json->json_object_object_get_ex(root, "c_info", &info)) {
        set_text(json, info, "name", r->name, sizeof(r->name));
        set_text(json, info, "uuid", r->uuid, sizeof(r->uuid));
    }
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
