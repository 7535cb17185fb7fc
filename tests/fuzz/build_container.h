/*
 * Builds valid and slightly invalid containers with streams of build_stream.h.
 */
#ifndef FUZZ_BUILD_CONTAINER_H
#define FUZZ_BUILD_CONTAINER_H

#include "build_stream.h"

enum container { BARE, XL_TEXT, XL_JSON, LIBVIRT, XEND, XAPI, XAPI_STRUCTURED, CONTAINERS };

/* Selects a container, and changes the shape to one that occurs in it. */
void choose_container(struct choices *c, enum container *container, struct stream_shape *shape);

/* Builds a complete save. *stream: the stream in it. The next call reuses the memory. */
struct bytes build_save(struct choices *c, enum container container,
                        const struct stream_shape *shape, struct bytes *stream);

#endif
