#include "lazy/json.h"

#define SYMBOL(name) {#name, offsetof(struct lazy_json, name)},

const struct lazy_json *lazy_json(struct cls_error *err)
{
    static const struct lazy_symbol symbols[] = {LAZY_JSON_FUNCTIONS(SYMBOL)};
    static struct lazy_json table;
    static bool loaded;

    if (!loaded)
        loaded = lazy_load("libjson-c.so.5", "libjson-c5", symbols,
                           sizeof(symbols) / sizeof(symbols[0]), &table, err);
    return loaded ? &table : NULL;
}
