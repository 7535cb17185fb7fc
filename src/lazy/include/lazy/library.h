/*
 * Shared libraries that are loaded when first needed. A plain conversion needs none of them, and
 * loading libxml2 with all that it drags in takes longer than converting a small save.
 *
 * In the sandbox nothing can be loaded: whoever will need a library loads it before.
 */
#ifndef LAZY_LIBRARY_H
#define LAZY_LIBRARY_H

#include <stddef.h>

#include "base/error.h"

/* One entry of a library: where its address goes. */
struct lazy_symbol {
    const char *name;
    size_t offset; /* of the member in the structure that is filled */
};

/*
 * Loads the library and fills table with the addresses of count symbols. It stays loaded to the end
 * of the process. package: Debian's, for the message where it is missing (CLS_SYSTEM).
 */
bool lazy_load(const char *library, const char *package, const struct lazy_symbol *symbols,
               size_t count, void *table, struct cls_error *err) CLS_MUST_CHECK;

#endif
