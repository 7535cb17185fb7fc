#include "lazy/sha256.h"

#define SYMBOL(name) {#name, offsetof(struct lazy_sha256, name)},

const struct lazy_sha256 *lazy_sha256(struct cls_error *err)
{
    static const struct lazy_symbol symbols[] = {LAZY_SHA256_FUNCTIONS(SYMBOL)};
    static struct lazy_sha256 table;
    static bool loaded;

    if (!loaded)
        loaded = lazy_load("libnettle.so.8", "libnettle8", symbols,
                           sizeof(symbols) / sizeof(symbols[0]), &table, err);
    return loaded ? &table : NULL;
}
