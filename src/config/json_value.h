/*
 * Access to libxl's JSON (tools/libxl/libxl_types.idl of Xen 4.5) by json-c.
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

/*
 * Parses text. Fails with CLS_BAD_INPUT if it is not a JSON object, or too long. To be closed by
 * json_config_close(), also on failure.
 */
bool json_config_open(struct json_config *c, const struct lazy_json *json,
                      const struct config_text *text, struct cls_error *err) CLS_MUST_CHECK;
void json_config_close(struct json_config *c);

/* A member of an object; NULL: there is none, or object is another value or NULL. */
struct json_object *json_member(const struct json_config *c, struct json_object *object,
                                const char *key);

/* The text of a string; NULL for other values. */
const char *json_text(const struct json_config *c, struct json_object *value);

/* Is value a string with this text? */
bool json_text_is(const struct json_config *c, struct json_object *value, const char *wanted);

/* Sets *n if value is an integer that is not negative; else returns false. */
bool json_integer(const struct json_config *c, struct json_object *value, int64_t *n);

/* The value of libxl's defbool ("True", "False", "<default>"), a boolean or a number. */
enum json_bool { JSON_DEFAULT, JSON_FALSE, JSON_TRUE };
enum json_bool json_bool_of(const struct json_config *c, struct json_object *value);

#endif
