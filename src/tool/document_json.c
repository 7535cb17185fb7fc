#include <errno.h>
#include <stdio.h>

#include "document.h"
#include "lazy/json.h"

#define DEPTH_MAX 8

struct json {
    const struct lazy_json *lib;
    struct json_object *open[DEPTH_MAX]; /* objects and lists that have not ended */
    bool is_list[DEPTH_MAX];
    unsigned depth;
    struct json_object *root;
    bool failed;
};

/* Adds value, whose ownership passes, to the innermost open object or list. */
static void add(struct json *j, const char *name, struct json_object *value)
{
    int rc;

    if (!value) {
        j->failed = true;
        return;
    }
    if (j->is_list[j->depth - 1])
        rc = j->lib->json_object_array_add(j->open[j->depth - 1], value);
    else
        rc = j->lib->json_object_object_add(j->open[j->depth - 1], name, value);
    if (rc != 0) {
        j->lib->json_object_put(value);
        j->failed = true;
    }
}

static void begin(void *ctx, const char *name, bool list)
{
    struct json *j = ctx;
    struct json_object *value;

    if (j->failed)
        return;
    value = list ? j->lib->json_object_new_array() : j->lib->json_object_new_object();
    if (j->depth == 0)
        j->root = value;
    else
        add(j, name, value);
    j->failed |= !value || j->depth == DEPTH_MAX;
    if (j->failed)
        return;
    j->open[j->depth] = value;
    j->is_list[j->depth++] = list;
}

static void end(void *ctx)
{
    struct json *j = ctx;

    if (!j->failed)
        j->depth--;
}

static void text(void *ctx, const char *name, const char *value)
{
    struct json *j = ctx;

    if (!j->failed)
        add(j, name, j->lib->json_object_new_string(value));
}

static void number(void *ctx, const char *name, uint64_t value)
{
    struct json *j = ctx;

    if (!j->failed)
        add(j, name, j->lib->json_object_new_uint64(value));
}

static void flag(void *ctx, const char *name, bool value)
{
    struct json *j = ctx;

    if (!j->failed)
        add(j, name, j->lib->json_object_new_boolean(value));
}

static bool print(struct json *j, struct cls_error *err)
{
    const char *s = NULL;

    if (!j->failed)
        s = j->lib->json_object_to_json_string_ext(j->root, JSON_C_TO_STRING_PRETTY |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE);
    if (!s)
        return cls_fail_errno(err, ENOMEM, "cannot write JSON");
    return puts(s) >= 0 || cls_fail_errno(err, errno, "cannot write standard output");
}

bool document_print_json(document_source *write, const void *subject, struct cls_error *err)
{
    struct json j = {.lib = lazy_json(err)};
    struct document_writer w = {begin, end, text, number, flag, &j};
    bool ok;

    if (!j.lib)
        return false;
    write(&w, subject);
    ok = print(&j, err);
    j.lib->json_object_put(j.root);
    return ok;
}
