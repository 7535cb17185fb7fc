/*
 * Changes values in JSON text; all other bytes stay. json-c must have parsed the text before. If
 * the path does not exist, the text is not changed.
 */
#ifndef CONFIG_JSON_PLACE_H
#define CONFIG_JSON_PLACE_H

#include "config/text.h"

#define JSON_PATH_MAX 4

/* Keys from the outermost object, ended by NULL; "#2" is the third element of an array. */
struct json_path {
    const char *keys[JSON_PATH_MAX + 1];
};

#define JSON_PATH(...) (&(const struct json_path){{__VA_ARGS__, NULL}})

/* Replaces a value. value: JSON text. */
void json_set(struct config_text *text, const struct json_path *path, const char *value);

/* Adds a member before the others of an object. value: JSON text. */
void json_add(struct config_text *text, const struct json_path *object, const char *key,
              const char *value);

/* Removes a member or element with its comma. */
void json_drop(struct config_text *text, const struct json_path *path);

/* Finds the offsets of a value. Returns false if it does not exist. */
bool json_find(const struct config_text *text, const struct json_path *path, size_t *value,
               size_t *end);

#endif
