/*
 * The streams in fixtures/ (see the README there).
 */
#ifndef UNIT_FIXTURES_H
#define UNIT_FIXTURES_H

#include <glob.h>

#include "support.h"

struct fixtures {
    glob_t found;
    size_t count; /* of those at the beginning that are usable */
};

/* Can it be converted? A port may be without libxml2, which libvirt's saves take. */
bool fixture_usable(const char *name);
/* All usable NAME.legacy whose name fits the pattern: "good-*". At least one must be there. */
void fixtures_find(struct fixtures *f, const char *pattern);
size_t fixtures_count(const struct fixtures *f);
const char *fixtures_path(const struct fixtures *f, size_t i);
/* The path of what belongs beside a NAME.legacy: ".v3.expected". */
void fixture_beside(const char *path, const char *suffix, char *buf, size_t size);
void fixtures_free(struct fixtures *f);

/* One of them by its name, as bytes. */
void fixture_read(const char *name, struct bytes *b);

#endif
