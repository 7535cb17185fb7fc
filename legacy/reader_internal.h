/*
 * The reader's state, shared by the files that each read one part of the stream.
 */
#ifndef LEGACY_READER_INTERNAL_H
#define LEGACY_READER_INTERNAL_H

#include "legacy/reader.h"
#include "legacy/toolstack.h"
#include "stream_format.h"

#define CHUNK_PARAMS_MAX 16 /* more than there are chunk types with a HVM parameter */

enum reader_phase {
    PHASE_HEADER,
    PHASE_PV_INFO,
    PHASE_P2M_FRAMES,
    PHASE_SURVEY,
    PHASE_BODY,
    PHASE_CHECKPOINT,
    PHASE_HVM_PARAMS,
    PHASE_MAGIC_PFNS,
    PHASE_HVM_CONTEXT,
    PHASE_UNMAPPED_PFNS,
    PHASE_VCPU_BASIC,
    PHASE_VCPU_EXTENDED,
    PHASE_VCPU_XSAVE,
    PHASE_SHARED_INFO,
    PHASE_LIBXC_END,
    PHASE_PHYSMAP,
    PHASE_QEMU,
    PHASE_END,
};

/* What one step of the reader came to. */
enum step {
    STEP_FAILED, /* err is filled */
    STEP_ITEM,   /* an item is ready */
    STEP_AGAIN,  /* something was read that makes no item */
};

/* What the bodies so far came to. A checkpoint that turns out incomplete leaves no trace in it. */
struct body_state {
    unsigned bodies; /* that were read to their end */
    uint64_t batches, pages, pages_without_data, entries_dropped;
    uint64_t batches_logged;
    bool l2_seen, l3_seen;
    bool last_checkpoint;
    bool verify;      /* the pages come once more, for comparison */
    bool compression; /* the bodies behind the first are compressed */
    size_t tmem_oid_size;
    bool vcpu_info_seen;
    uint32_t max_vcpu_id;
    uint64_t vcpu_map[XC_SR_MAX_VCPUS / 64];
    struct image_hvm_param params[CHUNK_PARAMS_MAX];
    uint32_t params_count;
    struct toolstack_blob toolstack;
};

struct compact;
struct compressed;

struct legacy_reader {
    struct cls_input *source; /* as it was handed to us */
    struct cls_input *in;     /* what is read now: source, or spooled */
    struct cls_input spooled; /* the part of source that is kept in options.spool */
    const struct cls_log *log;
    struct legacy_options options;
    enum reader_phase phase;
    uint64_t data_end; /* offset behind the bulk of the last item */

    /* header */
    uint64_t p2m_size;
    bool guest_width_known; /* by a "vcpu" block, not by the toolstack's width */
    unsigned guest_width, pt_levels;
    bool has_extended; /* "extv" */
    uint32_t xcnt;     /* "xcnt": 0, or vcpus have xsave records */
    uint64_t first_frame;
    uint32_t frames_total, frames_done;

    struct body_state body;
    bool looking;            /* only to see whether what comes is whole */
    bool rest_dropped;       /* an incomplete checkpoint was found */
    struct compact *compact; /* --compact: which occurrence of a pfn is its last */
    bool counting;           /* looking for the sake of compact */
    struct compressed *compressed;
    bool finds_data;          /* a reader that stops at each chunk of compressed data: */
    uint64_t compressed_left; /* how much is left of that chunk */
    uint8_t *page_buf;        /* CLS_BATCH_MAX pages, where they can't be referred to */
    bool last[CLS_BATCH_MAX]; /* by entry: is it the last of its pfn? */

    /* tail */
    uint32_t vcpu;
    uint8_t *qemu_bytes; /* of a record without length */

    uint32_t entries[CLS_BATCH_MAX];
    uint64_t frames[CLS_BATCH_MAX];
    struct image_hvm_param magic_pfns[3];
    uint8_t raw[CLS_BATCH_MAX * 8];
    uint8_t vcpu_bytes[XSAVE_SIZE_MAX];
};

/* One toolstack ulong. */
bool read_ulong(struct legacy_reader *r, uint64_t *v, const char *what,
                struct cls_error *err) CLS_MUST_CHECK;

/* Entry i of an array of toolstack ulongs. */
uint64_t get_ulong(const struct legacy_reader *r, const uint8_t *array, size_t i);

/* Makes data refer to the next len bytes of the input, and the reader know where they end. */
void refer_to_input(struct legacy_reader *r, struct image_data *data, uint64_t len);

/* One step of the reader; and skipping what was left of the last item's bulk. */
enum step take_step(struct legacy_reader *r, struct image_item *item, struct cls_error *err);
bool skip_bulk(struct legacy_reader *r, struct cls_error *err) CLS_MUST_CHECK;

/* Tells the trace that a part begins. */
void tell_part(const struct legacy_reader *r, const char *name, uint64_t offset, uint64_t count);

/* ext_info.c: what stands between p2m_size and the p2m frame list; fills the header fields. */
bool read_extended_info(struct legacy_reader *r, struct cls_error *err) CLS_MUST_CHECK;

/* body.c: one chunk. */
enum step read_chunk(struct legacy_reader *r, struct image_item *item, struct cls_error *err);
bool vcpu_is_online(const struct legacy_reader *r, uint32_t id);

/* Are the pages of the body that is being read compressed? */
bool is_compressed(const struct legacy_reader *r);

/* batch.c: pfn entries, of which there are count, and their pages. */
enum step read_batch(struct legacy_reader *r, uint32_t count, struct image_item *item,
                     struct cls_error *err);

/* tmem.c */
enum step read_tmem(struct legacy_reader *r, uint64_t start, struct cls_error *err);
enum step read_tmem_extra(struct legacy_reader *r, struct cls_error *err);

/*
 * checkpoint.c: where a body ends, its tail is read at once if none can follow; else what follows
 * is looked at first.
 */
enum step end_body(struct legacy_reader *r, struct cls_error *err);
enum step put_off_tail(struct legacy_reader *r, struct cls_error *err);
enum step survey(struct legacy_reader *r, struct cls_error *err);

/* tail_pv.c */
enum step read_unmapped_pfns(struct legacy_reader *r, struct cls_error *err);
enum step read_vcpu_basic(struct legacy_reader *r, struct image_item *item, struct cls_error *err);
enum step read_vcpu_extended(struct legacy_reader *r, struct image_item *item,
                             struct cls_error *err);
enum step read_vcpu_xsave(struct legacy_reader *r, struct image_item *item, struct cls_error *err);
enum step read_shared_info(struct legacy_reader *r, struct image_item *item);

/* tail_hvm.c */
enum step read_magic_pfns(struct legacy_reader *r, struct image_item *item, struct cls_error *err);
enum step read_hvm_context(struct legacy_reader *r, struct image_item *item, struct cls_error *err);
enum step read_qemu(struct legacy_reader *r, struct image_item *item, struct cls_error *err);

#endif
