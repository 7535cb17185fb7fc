/*
 * The measuring pass: goes over parts of a stream without taking anything out of them, to learn
 * whether they are whole, where they end, and what they hold. Page data is skipped, in a regular
 * file by seeking. On success the stream and the input stand behind the part.
 */
#ifndef LEGACY_MEASURE_H
#define LEGACY_MEASURE_H

#include "stream.h"

/* Sees each chunk of a body. */
struct chunk_visitor {
    void (*visit)(void *ctx, const struct legacy_stream *s, const struct chunk *chunk);
    void *ctx;
};

/* One chunk with its bulk. */
bool measure_chunk(struct legacy_stream *s, struct cls_input *in, struct chunk *chunk,
                   struct cls_error *err) CLS_MUST_CHECK;

/* A body to its end. visitor may be NULL. */
bool measure_body(struct legacy_stream *s, struct cls_input *in,
                  const struct chunk_visitor *visitor, struct cls_error *err) CLS_MUST_CHECK;

/* The tail behind a body; with_qemu: with the qemu record of a HVM guest, else up to it. */
bool measure_tail(const struct legacy_stream *s, struct cls_input *in, bool with_qemu,
                  struct cls_error *err) CLS_MUST_CHECK;

/*
 * Are the first n entries of a batch what savers write for such a guest: sound, and no page tables
 * in that of a HVM guest?
 */
bool measure_fits_batch(const struct legacy_stream *s, const struct chunk *chunk, uint32_t n);

/*
 * Does a body seem to begin here? Looks at the first chunk as far as the input may be peeked at,
 * and consumes nothing.
 */
bool measure_sees_body(const struct legacy_stream *s, struct cls_input *in, bool *seen,
                       struct cls_error *err) CLS_MUST_CHECK;

#endif
