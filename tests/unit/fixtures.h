/*
 * The streams in fixtures/ (see the README there).
 */
#ifndef UNIT_FIXTURES_H
#define UNIT_FIXTURES_H

#include <glob.h>

#include "support.h"

struct fixtures {
    glob_t found;
    size_t count; /* number of usable ones, which are first */
};

/* Can it be converted? Ports have no libxml2, which libvirt's saves need. */
bool fixture_usable(const char *name);
/* Finds all usable NAME.legacy that match the pattern ("good-*"); there must be at least one. */
void fixtures_find(struct fixtures *f, const char *pattern);
size_t fixtures_count(const struct fixtures *f);
const char *fixtures_path(const struct fixtures *f, size_t i);
/* The path of the file with another suffix, such as ".v3.expected", for a NAME.legacy. */
void fixture_beside(const char *path, const char *suffix, char *buf, size_t size);
void fixtures_free(struct fixtures *f);

/* Reads the fixture with this name. */
void fixture_read(const char *name, struct bytes *b);

#endif
