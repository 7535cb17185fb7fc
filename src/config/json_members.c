/*
 * Members of libxl's JSON that need no code of their own.
 */
#include <string.h>

#include "json_put.h"

bool json_text_fail(struct json_text *t, const char *key)
{
    return cls_fail(t->err, CLS_BAD_INPUT, "%s in the configuration cannot be written as xl text",
                    key);
}

size_t json_length(const struct json_config *c, struct json_object *array)
{
    return array && c->json->json_object_is_type(array, json_type_array)
               ? c->json->json_object_array_length(array)
               : 0;
}

struct json_object *json_at(const struct json_config *c, struct json_object *array, size_t i)
{
    return c->json->json_object_array_get_idx(array, i);
}

bool json_put_string(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    const char *text = json_text(t->c, value);

    if (!text)
        return json_text_fail(t, row->json);
    xl_put_string(t->text, row->xl, text);
    return true;
}

bool json_put_dashed(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    const char *text = json_text(t->c, value);
    char dashed[64];
    size_t i;

    if (!text || strlen(text) >= sizeof(dashed))
        return json_text_fail(t, row->json);
    for (i = 0; text[i]; i++)
        dashed[i] = text[i] == '_' ? '-' : text[i];
    dashed[i] = '\0';
    xl_put_string(t->text, row->xl, dashed);
    return true;
}

bool json_put_number(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    int64_t n;

    if (!json_integer(t->c, value, &n))
        return json_text_fail(t, row->json);
    xl_put_number(t->text, row->xl, n);
    return true;
}

bool json_put_mebi(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    int64_t n;

    if (!json_integer(t->c, value, &n))
        return json_text_fail(t, row->json);
    xl_put_number(t->text, row->xl, n / 1024 + (n % 1024 != 0));
    return true;
}

bool json_put_bool(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    enum json_bool is = json_bool_of(t->c, value);

    if (is != JSON_DEFAULT)
        xl_put_number(t->text, row->xl, is == JSON_TRUE);
    return true;
}

bool json_put_list(struct json_text *t, const struct json_row *row, struct json_object *value,
                   json_put *put_item)
{
    size_t count = json_length(t->c, value);

    if (count == 0)
        return true;
    xl_list_begin(t->text, row->xl);
    for (size_t i = 0; i < count; i++)
        if (!put_item(t, row, json_at(t->c, value, i)))
            return false;
    xl_list_end(t->text);
    return true;
}

static bool put_item_text(struct json_text *t, const struct json_row *row, struct json_object *item)
{
    const char *text = t->c->json->json_object_get_string(item);

    if (!text) /* null */
        return json_text_fail(t, row->json);
    xl_item(t->text, text);
    return true;
}

bool json_put_strings(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    return json_put_list(t, row, value, put_item_text);
}

/* Does the value mean the same as a missing member? */
static bool is_nothing(const struct json_config *c, struct json_object *value)
{
    return !value || c->json->json_object_is_type(value, json_type_null) ||
           json_bool_of(c, value) == JSON_FALSE || json_text_is(c, value, "<default>") ||
           json_text_is(c, value, "") ||
           (c->json->json_object_is_type(value, json_type_array) && json_length(c, value) == 0);
}

/* Fails if the object has a member that is not in the table, unless its value means nothing. */
static bool check_members(struct json_text *t, const struct json_row *rows,
                          struct json_object *object)
{
    struct lh_entry *e = t->c->json->json_object_get_object(object)->head;

    for (; e; e = e->next) {
        const char *key = e->k;
        const struct json_row *row = rows;

        while (row->json && strcmp(row->json, key) != 0)
            row++;
        if (!row->json && !is_nothing(t->c, (struct json_object *)(uintptr_t)e->v))
            return json_text_fail(t, key);
    }
    return true;
}

/* Writes the members in the order of the table. */
bool json_put_object(struct json_text *t, const struct json_row *row, struct json_object *value)
{
    const struct lazy_json *json = t->c->json;

    if (!json->json_object_is_type(value, json_type_object))
        return json_text_fail(t, row->json);
    for (const struct json_row *each = row->rows; each->json; each++) {
        struct json_object *member = json_member(t->c, value, each->json);

        t->parent = value;
        if (each->put && member && !json->json_object_is_type(member, json_type_null) &&
            !each->put(t, each, member))
            return false;
    }
    return check_members(t, row->rows, value);
}
