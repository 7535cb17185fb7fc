#include "lazy/xml.h"

#define SYMBOL(name) {#name, offsetof(struct lazy_xml, name)},

const struct lazy_xml *lazy_xml(struct cls_error *err)
{
    static const struct lazy_symbol symbols[] = {LAZY_XML_FUNCTIONS(SYMBOL)};
    static struct lazy_xml table;
    static bool loaded;

    if (!loaded)
        loaded = lazy_load("libxml2.so.2", "libxml2", symbols, sizeof(symbols) / sizeof(symbols[0]),
                           &table, err);
    return loaded ? &table : NULL;
}
