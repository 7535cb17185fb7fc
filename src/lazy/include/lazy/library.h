/*
 * Shared libraries that are loaded when first needed. A plain conversion needs none of them, and
 * loading libxml2 with its dependencies takes longer than converting a small save.
 *
 * Libraries must be loaded before the sandbox is entered, which allows no opening of files.
 */
#ifndef LAZY_LIBRARY_H
#define LAZY_LIBRARY_H

#include <stddef.h>

#include "base/error.h"

/* A function of a library. */
struct lazy_symbol {
    const char *name;
    size_t offset; /* of the pointer to it in the table */
};

/*
 * Loads the library and fills table with the addresses of count symbols. The library is never
 * unloaded. package: the Debian package for the message if it is missing. Fails with CLS_SYSTEM.
 */
bool lazy_load(const char *library, const char *package, const struct lazy_symbol *symbols,
               size_t count, void *table, struct cls_error *err) CLS_MUST_CHECK;

#endif
