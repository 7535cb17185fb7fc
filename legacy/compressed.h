/*
 * The pages of a compressed checkpoint (Remus). Its batches hold pfn entries only; the pages, coded
 * against what the sender's cache held (legacy/delta.h, sender_cache.h), come in chunks of
 * compressed data anywhere in the same body: the k-th entry with content has the k-th page of all
 * these chunks together. The sender compresses up to 8192 pages at a time, a group.
 */
#ifndef LEGACY_COMPRESSED_H
#define LEGACY_COMPRESSED_H

#include "base/spool.h"
#include "stream.h"

struct compressed;

/* store gets the sender's cache. NULL and err filled: there is no memory. */
struct compressed *compressed_new(struct spool *store, struct cls_error *err);
void compressed_free(struct compressed *c);

/*
 * The pages of a compressed body come to be taken: its first byte is the next of in, a file. It is
 * read by cursors of their own; in stays where it is.
 */
void compressed_begin(struct compressed *c, const struct legacy_stream *stream,
                      const struct cls_input *in);

/* Takes the next page, which is that of this entry. */
bool compressed_page(struct compressed *c, uint32_t entry, uint8_t *page,
                     struct cls_error *err) CLS_MUST_CHECK;

/* At the end of the body: fails if there is data that belongs to no page. */
bool compressed_end(struct compressed *c, struct cls_error *err) CLS_MUST_CHECK;

#endif
