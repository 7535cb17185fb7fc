/*
 * json-c: writes JSON; reads our own and xl's.
 */
#ifndef LAZY_JSON_H
#define LAZY_JSON_H

#include <json-c/json.h>

#include "lazy/library.h"

/* All functions of json-c that are used; each becomes a member of its own name. */
#define LAZY_JSON_FUNCTIONS(X)                                                                     \
    X(json_object_new_object)                                                                      \
    X(json_object_new_array)                                                                       \
    X(json_object_new_string)                                                                      \
    X(json_object_new_string_len)                                                                  \
    X(json_object_new_boolean)                                                                     \
    X(json_object_new_double)                                                                      \
    X(json_object_new_double_s)                                                                    \
    X(json_object_new_uint64)                                                                      \
    X(json_object_object_add)                                                                      \
    X(json_object_array_add)                                                                       \
    X(json_object_to_json_string_ext)                                                              \
    X(json_object_object_get_ex)                                                                   \
    X(json_object_is_type)                                                                         \
    X(json_object_get_string)                                                                      \
    X(json_object_get_uint64)                                                                      \
    X(json_object_get_double)                                                                      \
    X(json_object_get_int64)                                                                       \
    X(json_object_get_boolean)                                                                     \
    X(json_object_get_object)                                                                      \
    X(json_object_array_length)                                                                    \
    X(json_object_array_get_idx)                                                                   \
    X(json_tokener_parse)                                                                          \
    X(json_tokener_new_ex)                                                                         \
    X(json_tokener_parse_ex)                                                                       \
    X(json_tokener_free)                                                                           \
    X(json_object_put)

#define LAZY_JSON_MEMBER(name) __typeof__(name) *name;

struct lazy_json {
    LAZY_JSON_FUNCTIONS(LAZY_JSON_MEMBER)
};

/* Loads json-c at the first call. Returns NULL and fills err (CLS_SYSTEM) if that fails. */
const struct lazy_json *lazy_json(struct cls_error *err);

#endif
