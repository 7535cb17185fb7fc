#include "lazy/library.h"

#include <dlfcn.h>
#include <string.h>

bool lazy_load(const char *library, const char *package, const struct lazy_symbol *symbols,
               size_t count, void *table, struct cls_error *err)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

    if (!handle)
        return cls_fail(err, CLS_SYSTEM, "%s is needed but cannot be loaded (package %s): %s",
                        library, package, dlerror());
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(handle, symbols[i].name);

        if (!address)
            return cls_fail(err, CLS_SYSTEM,
                            "%s has no function %s: unsupported version of the library", library,
                            symbols[i].name);
        memcpy((char *)table + symbols[i].offset, &address, sizeof(address));
    }
    return true;
}
