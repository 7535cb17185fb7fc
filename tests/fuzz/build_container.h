/*
 * Containers that are right, or nearly right, around streams of build_stream.h.
 */
#ifndef FUZZ_BUILD_CONTAINER_H
#define FUZZ_BUILD_CONTAINER_H

#include "build_stream.h"

enum container { BARE, XL_TEXT, XL_JSON, LIBVIRT, XEND, XAPI, XAPI_STRUCTURED, CONTAINERS };

/* Makes the shape such as that container has. */
void choose_container(struct choices *c, enum container *container, struct stream_shape *shape);

/* A whole save. *stream: where in it the stream is. The memory is used again by the next call. */
struct bytes build_save(struct choices *c, enum container container,
                        const struct stream_shape *shape, struct bytes *stream);

#endif
