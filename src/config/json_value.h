/*
 * libxl's JSON, as json-c has read it (tools/libxl/libxl_types.idl of Xen 4.5).
 */
#ifndef CONFIG_JSON_VALUE_H
#define CONFIG_JSON_VALUE_H

#include <stdint.h>

#include "config/text.h"
#include "lazy/json.h"

struct json_config {
    const struct lazy_json *json;
    struct json_tokener *tokener;
    struct json_object *root;
};

/* Fails (CLS_BAD_INPUT) where it is no JSON object. Close with json_config_close(), also then. */
bool json_config_open(struct json_config *c, const struct lazy_json *json,
                      const struct config_text *text, struct cls_error *err) CLS_MUST_CHECK;
void json_config_close(struct json_config *c);

/* A member of an object; NULL: none, or no object. */
struct json_object *json_member(const struct json_config *c, struct json_object *object,
                                const char *key);

/* A string's text, or NULL. */
const char *json_text(const struct json_config *c, struct json_object *value);
bool json_text_is(const struct json_config *c, struct json_object *value, const char *wanted);

/* An integer that is not negative; false: none. */
bool json_integer(const struct json_config *c, struct json_object *value, int64_t *n);

/* libxl's defbool ("True", "False", "<default>"), or a boolean, or a number. */
enum json_bool { JSON_DEFAULT, JSON_FALSE, JSON_TRUE };
enum json_bool json_bool_of(const struct json_config *c, struct json_object *value);

#endif
