/*
 * The reader's state, shared by the files that each read one part of the stream.
 */
#ifndef LEGACY_READER_INTERNAL_H
#define LEGACY_READER_INTERNAL_H

#include "legacy/reader.h"
#include "legacy/toolstack.h"
#include "stream.h"

#define CHUNK_PARAMS_MAX 16 /* more than there are chunk types with a HVM parameter */

/* The item's kind while a phase has not made an item. */
#define NO_ITEM (IMAGE_END + 1)

enum reader_phase {
    PHASE_HEADER,
    PHASE_PV_INFO,
    PHASE_P2M_FRAMES,
    PHASE_BODY,
    PHASE_CHECKPOINT,
    PHASE_HVM_PARAMS,
    PHASE_TAIL,
    PHASE_LIBXC_END,
    PHASE_PHYSMAP,
    PHASE_END,
};

struct compressed;

struct legacy_reader {
    struct cls_input *source; /* as given by the caller */
    struct cls_input spooled; /* the part of source that is in options.spool */
    const struct cls_log *log;
    struct legacy_options options;
    enum reader_phase phase;
    struct legacy_stream stream; /* its input: source or spooled */
    struct chunk chunk;          /* the last one that was read */
    uint64_t data_end;           /* offset behind the bulk of the last item */

    /* from the bodies so far */
    uint64_t pages, pages_without_data, entries_dropped;
    uint64_t batches_logged;
    uint32_t types_seen; /* one bit for each page type */
    struct image_hvm_param params[CHUNK_PARAMS_MAX];
    uint32_t params_count;
    struct toolstack_blob toolstack;
    uint32_t physmap_dropped; /* entries of a blob that the output format cannot hold */
    struct pfn_set sent;      /* PV: pfns whose pages were given to the consumer */

    bool rest_dropped;     /* an incomplete checkpoint was found */
    uint32_t *copies_left; /* --compact: by pfn, the number of copies that follow */
    struct compressed *compressed;
    uint8_t *page_buf; /* CLS_BATCH_MAX pages, for items that cannot refer to the input */

    struct tail_part tail; /* the last part that was read */
    struct cls_held qemu;  /* a record without length */
    struct pfn_set given_back;

    /* items refer to these */
    uint32_t entries[CLS_BATCH_MAX];
    bool wanted[CLS_BATCH_MAX]; /* by entry */
    uint64_t frames[CLS_BATCH_MAX];
    uint8_t vcpu_bytes[XSAVE_SIZE_MAX];
};

/* Makes data refer to the next len bytes of the input. */
static inline void refer_to_input(struct legacy_reader *r, struct image_data *data, uint64_t len)
{
    *data = (struct image_data){.len = len, .from = r->stream.in};
    r->data_end = r->stream.in->offset + len;
}

/* Reports to the trace that a part begins. */
static inline void trace_part(const struct legacy_reader *r, const char *name, uint64_t offset,
                              uint64_t count)
{
    stream_trace_part(r->options.trace, NULL, name, offset, count);
}

/* body.c: one chunk. */
bool read_chunk(struct legacy_reader *r, struct image_item *item, struct cls_error *err);

/* batch.c: the pages of r->chunk, a page batch. */
bool read_batch(struct legacy_reader *r, struct image_item *item, struct cls_error *err);

/* checkpoint.c: behind the header, and at the end of a body: find out what follows, set the phase.
 */
bool begin_bodies(struct legacy_reader *r, struct cls_error *err);
bool end_body(struct legacy_reader *r, struct cls_error *err);
bool find_checkpoint(struct legacy_reader *r, struct cls_error *err);

/* tail_items.c: one part of the tail; the items before it and between its parts. */
bool read_tail(struct legacy_reader *r, struct image_item *item, struct cls_error *err);
bool give_chunk_params(struct legacy_reader *r, struct image_item *item);
bool give_physmap(struct legacy_reader *r, struct image_item *item);

#endif
