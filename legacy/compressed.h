/*
 * The pages of a compressed checkpoint (Remus). Its batches hold pfn entries only; the pages, coded
 * against their previous content (legacy/delta.h), come in chunks of compressed data anywhere in
 * the same body: the k-th entry with content has the k-th page of all these chunks together.
 */
#ifndef LEGACY_COMPRESSED_H
#define LEGACY_COMPRESSED_H

#include "base/error.h"

struct compressed;
struct legacy_reader;

/*
 * r is about to give the pages of a compressed body whose first byte is the next of r->in, which
 * must be able to seek: the chunks of data are found by a cursor of their own.
 */
bool compressed_begin(struct legacy_reader *r, struct cls_error *err) CLS_MUST_CHECK;

/* Takes the next page, which is pfn's. */
bool compressed_page(struct legacy_reader *r, uint32_t pfn, uint8_t *page,
                     struct cls_error *err) CLS_MUST_CHECK;

/* At the end of the body: fails if there is data that belongs to no page. */
bool compressed_end(struct legacy_reader *r, struct cls_error *err) CLS_MUST_CHECK;

void compressed_free(struct compressed *c);

#endif
