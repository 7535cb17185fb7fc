/*
 * The parts of libxl's JSON that are more than a row of the table: each puts xl's text for one
 * member.
 */
#ifndef CONFIG_JSON_DEVICES_H
#define CONFIG_JSON_DEVICES_H

#include "json_value.h"

struct json_text {
    const struct json_config *c;
    struct json_object *parent; /* of the value */
    struct config_text *text;
    struct cls_error *err;
};

/* What this key has, xl's text has no word for. Always returns false. */
bool json_text_fail(struct json_text *t, const char *key);

/* Members of an array; 0: none, or no array. */
size_t json_length(const struct json_config *c, struct json_object *array);
struct json_object *json_at(const struct json_config *c, struct json_object *array, size_t i);

/* By xl's key: an array of arrays of CPUs; what to do after a shutdown. */
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
