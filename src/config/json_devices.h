/*
 * Members of libxl's JSON that need more than a row of the table in json_text.c. Each function
 * json_put_...() appends xl's text for one member, and fails with CLS_BAD_INPUT if there is none.
 */
#ifndef CONFIG_JSON_DEVICES_H
#define CONFIG_JSON_DEVICES_H

#include "json_value.h"

struct json_text {
    const struct json_config *c;
    struct json_object *parent; /* the object that contains the value */
    struct config_text *text;   /* the output */
    struct cls_error *err;
};

/* Fills err: the value of key has no equivalent in xl's text. Returns false. */
bool json_text_fail(struct json_text *t, const char *key);

/* The length of an array; 0 for other values. Its element i. */
size_t json_length(const struct json_config *c, struct json_object *array);
struct json_object *json_at(const struct json_config *c, struct json_object *array, size_t i);

/* key: in xl's text. */
bool json_put_affinity(struct json_text *t, const char *key, struct json_object *value);
bool json_put_action(struct json_text *t, const char *key, struct json_object *value);

bool json_put_type(struct json_text *t, struct json_object *value);
bool json_put_vcpus(struct json_text *t, struct json_object *value);
bool json_put_videoram(struct json_text *t, struct json_object *value);
bool json_put_cpuid(struct json_text *t, struct json_object *value);
bool json_put_ioports(struct json_text *t, struct json_object *value);
bool json_put_vga(struct json_text *t, struct json_object *value);
bool json_put_viridian(struct json_text *t, struct json_object *value);
bool json_put_disks(struct json_text *t, struct json_object *value);
bool json_put_nics(struct json_text *t, struct json_object *value);
bool json_put_pcidevs(struct json_text *t, struct json_object *value);
bool json_put_vfbs(struct json_text *t, struct json_object *value);

#endif
