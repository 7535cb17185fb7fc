/*
 * Writes xl's text for the members of libxl's JSON, by the tables in json_text.c.
 */
#ifndef CONFIG_JSON_PUT_H
#define CONFIG_JSON_PUT_H

#include "json_value.h"
#include "xl_text.h"

struct json_text {
    const struct json_config *c;
    struct json_object *parent; /* the object that contains the value */
    struct config_text *text;   /* the output */
    struct cls_error *err;
};

struct json_row;

/* Appends xl's text for value, which is not null. Fails (CLS_BAD_INPUT) if there is none. */
typedef bool json_put(struct json_text *t, const struct json_row *row, struct json_object *value);

struct json_row {
    const char *json; /* the member; NULL: end of the table */
    json_put *put;    /* NULL: ignored, since it belongs to libxl or the host's xl.conf */
    const char *xl;   /* its key in xl's text; NULL: none */
    const struct json_row *rows; /* of json_put_object() */
};

/* json_members.c */
json_put json_put_string;  /* A string. */
json_put json_put_dashed;  /* An enumerator: underscores become dashes. */
json_put json_put_number;  /* An integer that is not negative. */
json_put json_put_mebi;    /* KiB, written as MiB. */
json_put json_put_bool;    /* libxl's defbool, or a boolean. */
json_put json_put_strings; /* A list of strings or numbers. */
json_put json_put_object;  /* An object, whose members have rows. */

/* Appends a list, for which put_item appends each element; nothing if there is none. */
bool json_put_list(struct json_text *t, const struct json_row *row, struct json_object *value,
                   json_put *put_item);

/* json_special.c */
json_put json_put_type, json_put_vcpus, json_put_affinity, json_put_videoram, json_put_cpuid,
    json_put_ioports, json_put_vga, json_put_viridian, json_put_action;

/* json_devices.c */
json_put json_put_disks, json_put_nics, json_put_pcidevs, json_put_vfbs;

/* Fills err: the value of key has no equivalent in xl's text. Returns false. */
bool json_text_fail(struct json_text *t, const char *key);

/* The length of an array; 0 for other values. Its element i. */
size_t json_length(const struct json_config *c, struct json_object *array);
struct json_object *json_at(const struct json_config *c, struct json_object *array, size_t i);

#endif
