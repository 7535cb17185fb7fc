#include "json_value.h"

#include <string.h>

#define DEPTH_MAX 32 /* real ones have about 5 levels */

/* Bytes. Real ones have some KiB. As json-c's objects they take 200 times this memory. */
#define JSON_MAX (128u * 1024)

bool json_config_open(struct json_config *c, const struct lazy_json *json,
                      const struct config_text *text, struct cls_error *err)
{
    size_t len = text->len;

    *c = (struct json_config){.json = json};
    if (len > JSON_MAX)
        return cls_fail(err, CLS_BAD_INPUT, "configuration JSON is longer than 128 KiB");
    while (len > 0 && text->bytes[len - 1] == '\0')
        len--; /* xl writes a NUL at the end */
    c->tokener = json->json_tokener_new_ex(DEPTH_MAX);
    if (c->tokener && len > 0)
        c->root = json->json_tokener_parse_ex(c->tokener, text->bytes, (int)len);
    return (c->root && json->json_object_is_type(c->root, json_type_object)) ||
           cls_fail(err, CLS_BAD_INPUT, "configuration is not JSON of libxl");
}

void json_config_close(struct json_config *c)
{
    if (c->root)
        c->json->json_object_put(c->root);
    if (c->tokener)
        c->json->json_tokener_free(c->tokener);
}

struct json_object *json_member(const struct json_config *c, struct json_object *object,
                                const char *key)
{
    struct json_object *value;

    return object && c->json->json_object_is_type(object, json_type_object) &&
                   c->json->json_object_object_get_ex(object, key, &value)
               ? value
               : NULL;
}

const char *json_text(const struct json_config *c, struct json_object *value)
{
    return value && c->json->json_object_is_type(value, json_type_string)
               ? c->json->json_object_get_string(value)
               : NULL;
}

bool json_text_is(const struct json_config *c, struct json_object *value, const char *wanted)
{
    const char *text = json_text(c, value);

    return text && strcmp(text, wanted) == 0;
}

bool json_integer(const struct json_config *c, struct json_object *value, int64_t *n)
{
    if (!value || !c->json->json_object_is_type(value, json_type_int))
        return false;
    *n = c->json->json_object_get_int64(value);
    return *n >= 0;
}

enum json_bool json_bool_of(const struct json_config *c, struct json_object *value)
{
    int64_t n;

    if (json_text_is(c, value, "True"))
        return JSON_TRUE;
    if (json_text_is(c, value, "False"))
        return JSON_FALSE;
    if (value && c->json->json_object_is_type(value, json_type_boolean))
        return c->json->json_object_get_boolean(value) ? JSON_TRUE : JSON_FALSE;
    if (json_integer(c, value, &n))
        return n ? JSON_TRUE : JSON_FALSE;
    return JSON_DEFAULT;
}
