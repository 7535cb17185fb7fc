#include "classify.h"

#include <string.h>
#include <strings.h>

/* Returns the length of name without the first of these suffixes that it has. */
static size_t without_suffix(const char *name, size_t len, const char *const *suffixes)
{
    for (; *suffixes; suffixes++) {
        size_t n = strlen(*suffixes);

        if (len >= n && strncasecmp(name + len - n, *suffixes, n) == 0)
            return len - n;
    }
    return len;
}

static bool is_save_name(const char *path)
{
    static const char *const compressed[] = {".gz",  ".xz", ".zst", ".bz2", ".lz4",
                                             ".lzo", ".lz", ".Z",   NULL};
    static const char *const saves[] = {".save", ".chk", ".xvs", NULL};
    static const char image[] = "suspend-image";
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t len = without_suffix(name, strlen(name), compressed);

    return without_suffix(name, len, saves) < len ||
           (len == sizeof(image) - 1 && strncasecmp(name, image, len) == 0);
}

enum row_result classify_rejected(enum convert_input input, const char *path)
{
    switch (input) {
    case CONVERT_INPUT_LEGACY:
        return ROW_FAILED;
    case CONVERT_INPUT_V2:
        return ROW_ALREADY_V2;
    case CONVERT_INPUT_UNREADABLE:
        return ROW_UNREADABLE;
    case CONVERT_INPUT_OTHER:
        break;
    }
    return is_save_name(path) ? ROW_UNREADABLE : ROW_OTHER;
}
