#include "fixtures.h"

#include <stdio.h>
#include <string.h>

bool fixture_usable(const char *name)
{
    return !CLS_PORT || !strstr(name, "libvirt");
}

void fixtures_find(struct fixtures *f, const char *pattern)
{
    char path[1000];

    snprintf(path, sizeof(path), FIXTURES_DIR "/%s.legacy", pattern);
    *f = (struct fixtures){0};
    CHECK(glob(path, 0, NULL, &f->found) == 0 && f->found.gl_pathc > 0);
    for (size_t i = 0; i < f->found.gl_pathc; i++) {
        char **paths = f->found.gl_pathv, *usable = paths[i];

        if (fixture_usable(usable)) {
            paths[i] = paths[f->count];
            paths[f->count++] = usable;
        }
    }
}

size_t fixtures_count(const struct fixtures *f)
{
    return f->count;
}

const char *fixtures_path(const struct fixtures *f, size_t i)
{
    return f->found.gl_pathv[i];
}

void fixture_beside(const char *path, const char *suffix, char *buf, size_t size)
{
    snprintf(buf, size, "%.*s%s", (int)(strlen(path) - strlen(".legacy")), path, suffix);
}

void fixtures_free(struct fixtures *f)
{
    globfree(&f->found);
}

void fixture_read(const char *name, struct bytes *b)
{
    char path[1000];

    snprintf(path, sizeof(path), FIXTURES_DIR "/%s", name);
    CHECK_THAT(read_file(path, b), "no fixture %s", name);
}
