/*
 * Changes JSON in place: what is not changed stays byte for byte. The text must be JSON (json-c
 * has read it); a path that is not there changes nothing.
 */
#ifndef CONFIG_JSON_PLACE_H
#define CONFIG_JSON_PLACE_H

#include "config/text.h"

#define JSON_PATH_MAX 4

/* Keys from the outermost object on, NULL behind the last; "#2" is the third member of an array. */
struct json_path {
    const char *keys[JSON_PATH_MAX + 1];
};

#define JSON_PATH(...) (&(const struct json_path){{__VA_ARGS__, NULL}})

/* value: as it stands in JSON. */
void json_set(struct config_text *text, const struct json_path *path, const char *value);

/* A member more, before the others. */
void json_add(struct config_text *text, const struct json_path *object, const char *key,
              const char *value);

/* Takes the member out, with a comma. */
void json_drop(struct config_text *text, const struct json_path *path);

/* Where the value is; false: it is not there. */
bool json_find(const struct config_text *text, const struct json_path *path, size_t *value,
               size_t *end);

#endif
