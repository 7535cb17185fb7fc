/*
 * Parser of the legacy stream's structure: how long each part is, and which of its values decide
 * how the rest is parsed. It makes no items and logs nothing, so that the reader, detection and the
 * measuring pass use the same code.
 *
 * Every function consumes its part of the input, or fails with err filled.
 */
#ifndef LEGACY_STREAM_H
#define LEGACY_STREAM_H

#include "base/bytes.h"
#include "base/held.h"
#include "base/image.h"
#include "base/page_type.h"
#include "stream_format.h"

/* State of the parser. A plain value: a copy can be used to parse ahead. */
struct legacy_stream {
    struct cls_input *in; /* at the next part */
    unsigned width;       /* of the saving toolstack's unsigned long, in bytes: 4 or 8 */
    enum guest_type guest;
    bool embedded; /* the stream is part of something larger: it ends before the input does */

    /* header */
    uint64_t p2m_size;
    unsigned guest_width, pt_levels;
    bool has_extended;      /* "extv" */
    uint32_t xcnt;          /* "xcnt": not 0 if vcpus have xsave records */
    unsigned unknown_infos; /* blocks of the extended info that are skipped */
    uint32_t frames_total, frames_done;

    /* bodies */
    unsigned bodies; /* number of bodies that were read to their end */
    uint64_t batches;
    bool verify;      /* verify mode: the pages are sent again, for comparison */
    bool compression; /* the bodies behind the first are compressed */
    bool last_checkpoint;
    size_t tmem_oid_size;
    bool vcpu_info_seen;
    uint32_t max_vcpu_id;
    uint64_t vcpu_map[XC_SR_MAX_VCPUS / 64];
};

/* Begins a stream at the next byte of in. */
void stream_init(struct legacy_stream *s, struct cls_input *in, unsigned width,
                 enum guest_type guest);

/* Entry i of an array of toolstack ulongs. Inline, as the next ones: called for each page. */
static inline uint64_t stream_get_ulong(const struct legacy_stream *s, const uint8_t *array,
                                        size_t i)
{
    return s->width == 8 ? get_le64(array + 8 * i) : get_le32(array + 4 * i);
}

/*
 * header.c: p2m_size and, for PV, the extended info where there is one (load_p2m_frame_list() in
 * tools/libxc/xc_domain_restore.c of Xen 4.5).
 */
bool stream_read_header(struct legacy_stream *s, struct cls_error *err) CLS_MUST_CHECK;

/* Is this ulong, in the place of the first frame, the marker of an extended info? */
bool stream_is_info_marker(const struct legacy_stream *s, uint64_t value);

/* PV: up to *count (<= CLS_BATCH_MAX) entries of the p2m frame list; sets *count. */
bool stream_read_frames(struct legacy_stream *s, uint64_t frames[CLS_BATCH_MAX], uint32_t *count,
                        struct cls_error *err) CLS_MUST_CHECK;

/* tmem.c: content of a chunk XC_SAVE_ID_TMEM. */
#define TMEM_OID_MAX 24 /* bytes of an object id; Xen before 4.0.2 wrote 8 */

struct tmem {
    uint32_t pools, pools_with_pages;
    uint64_t pages;
};

bool stream_read_tmem(struct legacy_stream *s, struct tmem *tmem,
                      struct cls_error *err) CLS_MUST_CHECK;
bool stream_read_tmem_extra(const struct legacy_stream *s, struct cls_error *err) CLS_MUST_CHECK;

/* chunk.c: one chunk of a body. */
struct chunk {
    uint64_t start;                /* offset of its id */
    const struct chunk_type *type; /* NULL: a page batch */
    uint32_t entries;              /* of a batch; raw has them */
    uint32_t pages;                /* number of entries with content */
    uint64_t bulk;                 /* bytes that belong to it and follow in the input */
    struct tmem tmem;
    uint8_t raw[CLS_BATCH_MAX * 8]; /* entries, TSC info or HVM parameter, as in the stream */
};

/*
 * Reads a chunk without its bulk (the pages of a batch, compressed data, the toolstack blob), and
 * updates the stream's state. Entries of a batch are not checked: see chunk_entry().
 */
bool chunk_read(struct legacy_stream *s, struct chunk *chunk, struct cls_error *err) CLS_MUST_CHECK;

/* Is the chunk the end of its body? */
bool chunk_ends_body(const struct chunk *chunk);

/* Are the pages of the current body compressed? */
bool stream_is_compressed(const struct legacy_stream *s);

static inline unsigned entry_type(uint32_t entry)
{
    return entry >> 28;
}

static inline uint32_t entry_pfn(uint32_t entry)
{
    return entry & P2M_SIZE_MAX;
}

/*
 * The upper half of a 64-bit entry may be all ones where the type's highest bit is set: the
 * hypervisor's page types were signed up to Xen 3.0.4 (seen in streams of that saver).
 */
static inline bool entry_fits_32_bits(uint64_t value)
{
    return value >> 32 == 0 || (int64_t)value == (int32_t)value;
}

/*
 * Entry i of a batch, as 32 bits: page type and pfn. Returns whether it is sound: of a type that
 * Xen defines, and of a pfn below p2m_size. Entries of type XTAB always are: getpageframeinfo2 of
 * Xen 3 (xen/arch/x86/domctl.c) left whatever the guest's p2m table held, foreign frames too.
 */
static inline bool chunk_entry(const struct legacy_stream *s, const struct chunk *chunk, uint32_t i,
                               uint32_t *entry)
{
    uint64_t value = stream_get_ulong(s, chunk->raw, i);

    *entry = (uint32_t)value;
    return entry_type(*entry) == PFINFO_XTAB ||
           (entry_fits_32_bits(value) && page_type_known(entry_type(*entry)) &&
            entry_pfn(*entry) < s->p2m_size);
}

/* tail.c: one part of a tail. */
enum tail_kind {
    TAIL_NONE,          /* before the first, and behind the last */
    TAIL_UNMAPPED_PFNS, /* PV: bulk is toolstack ulongs */
    TAIL_VCPU_BASIC,    /* this and the next two: for each online vcpu, by ascending id */
    TAIL_VCPU_EXTENDED,
    TAIL_VCPU_XSAVE, /* at most XSAVE_SIZE_MAX bytes */
    TAIL_SHARED_INFO,
    TAIL_MAGIC_PFNS,  /* HVM: u64 ioreq, buffered ioreq, xenstore */
    TAIL_HVM_CONTEXT, /* 1 to HVM_CONTEXT_MAX bytes */
    TAIL_QEMU,        /* the device model's state */
};

#define MAGIC_PFNS          3
#define QEMU_SIGNATURE_SIZE 21
#define QEMU_LEAD_MAX       (QEMU_SIGNATURE_SIZE + 1 + 4)

struct tail_part {
    enum tail_kind kind;
    uint64_t start; /* offset */
    uint64_t bulk;  /* bytes that belong to it and follow in the input */
    uint32_t vcpu;  /* its id */
    uint32_t count; /* of unmapped pfns */
    /* QEMU: signature and length, as in the stream */
    uint8_t lead[QEMU_LEAD_MAX];
    size_t lead_len;
    bool to_eof; /* it has no length: the state extends to the end of the input */
};

/* Reads the next part of a tail without its bulk. part: the previous one; begin with all zero. */
bool tail_read(const struct legacy_stream *s, struct tail_part *part,
               struct cls_error *err) CLS_MUST_CHECK;

/* The data of a qemu record without length: at most QEMU_TO_EOF_MAX bytes. */
bool tail_read_to_eof(const struct legacy_stream *s, struct cls_held *held,
                      struct cls_error *err) CLS_MUST_CHECK;

/*
 * measure.c, the measuring pass: parses parts of a stream and skips their bulk, to find out whether
 * they are complete, where they end, and what they contain. In a regular file it skips by seeking.
 */

/* One chunk with its bulk. */
bool measure_chunk(struct legacy_stream *s, struct chunk *chunk,
                   struct cls_error *err) CLS_MUST_CHECK;

/* The tail behind a body. with_qemu: including the qemu record of a HVM guest. */
bool measure_tail(const struct legacy_stream *s, bool with_qemu,
                  struct cls_error *err) CLS_MUST_CHECK;

/* A body and the whole tail behind it. */
bool measure_checkpoint(struct legacy_stream *s, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Could a saver have written the first n entries of a batch for such a guest? They must be sound,
 * and a HVM guest has no page tables.
 */
bool measure_fits_batch(const struct legacy_stream *s, const struct chunk *chunk, uint32_t n);

/*
 * Does a body seem to begin here? Checks the first chunk as far as the input may be peeked at, and
 * consumes nothing.
 */
bool measure_sees_body(const struct legacy_stream *s, bool *seen,
                       struct cls_error *err) CLS_MUST_CHECK;

#endif
