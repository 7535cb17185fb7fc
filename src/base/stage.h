/*
 * The stage: a pipe of the output's own on the way to a file. Splicing into it takes references to
 * the input's pages, splicing out of it copies them: once, in the kernel, and in whole blocks of
 * the file though page data lies at odd offsets. Files take whole blocks faster, and a failure
 * tells which side failed.
 */
#ifndef BASE_STAGE_H
#define BASE_STAGE_H

#include "base/input.h"
#include "base/output.h"

enum stage_drain {
    STAGE_BLOCKS, /* only what fills blocks of the file */
    STAGE_ALL,
};

/* Makes a stage for out, a file; false where there can't be one that is worth it. */
bool stage_open(struct cls_output *out);
void stage_close(struct cls_output *out);

/* Hands what is staged to the fd. Where splicing fails, by writing, which tells why. */
bool stage_drain(struct cls_output *out, enum stage_drain what, struct cls_error *err);

/*
 * Takes what out has buffered, then input until *left is 0 or the input won't go on in this way
 * (or ends). Where out won't, it is left without a stage.
 */
bool stage_move(struct cls_input *in, struct cls_output *out, uint64_t *left,
                struct cls_error *err);

/* output.c: writes to the fd, past buffer and stage. */
bool output_write_all(const struct cls_output *out, const uint8_t *bytes, size_t n,
                      struct cls_error *err);

#endif
