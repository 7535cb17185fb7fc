/*
 * Parser of the legacy stream's structure: how long each part is, and what of it decides how the
 * rest is to be parsed. It makes no items and logs nothing, so that the reader, detection and all
 * that measures ahead use the same code.
 *
 * Every function consumes its part of the input, or fails with err filled.
 */
#ifndef LEGACY_STREAM_H
#define LEGACY_STREAM_H

#include "base/bytes.h"
#include "base/image.h"
#include "base/page_type.h"
#include "stream_format.h"

/* What is known of a stream so far. A plain value: a copy can be used to parse ahead. */
struct legacy_stream {
    unsigned width; /* of the saving toolstack's unsigned long, in bytes: 4 or 8 */
    enum guest_type guest;
    bool embedded; /* the stream lies in something larger: the input's end is not its end */

    /* header */
    uint64_t p2m_size;
    unsigned guest_width, pt_levels;
    bool has_extended;      /* "extv" */
    uint32_t xcnt;          /* "xcnt": 0, or vcpus have xsave records */
    unsigned unknown_infos; /* blocks of the extended info that are skipped */
    uint64_t first_frame;   /* of the p2m frame list: read to tell it from an extended info */
    uint32_t frames_total, frames_done;

    /* bodies */
    unsigned bodies; /* that were read to their end */
    uint64_t batches;
    bool verify;      /* the pages come once more, for comparison */
    bool compression; /* the bodies behind the first are compressed */
    bool last_checkpoint;
    size_t tmem_oid_size; /* 0: no tmem was seen */
    bool vcpu_info_seen;
    uint32_t max_vcpu_id;
    uint64_t vcpu_map[XC_SR_MAX_VCPUS / 64];
};

/* Begins a stream: nothing is known but this. */
void stream_init(struct legacy_stream *s, unsigned width, enum guest_type guest, bool embedded);

/* Entry i of an array of toolstack ulongs. In line, as the next ones: once for each page. */
static inline uint64_t stream_get_ulong(const struct legacy_stream *s, const uint8_t *array,
                                        size_t i)
{
    return s->width == 8 ? get_le64(array + 8 * i) : get_le32(array + 4 * i);
}

/* header.c */
bool stream_read_p2m_size(struct legacy_stream *s, struct cls_input *in,
                          struct cls_error *err) CLS_MUST_CHECK;

/*
 * PV: the extended info, where there is one, and the first entry of the p2m frame list
 * (load_p2m_frame_list() in tools/libxc/xc_domain_restore.c of Xen 4.5).
 */
bool stream_read_pv_info(struct legacy_stream *s, struct cls_input *in,
                         struct cls_error *err) CLS_MUST_CHECK;

/* Does this ulong, where a frame list would begin, announce an extended info? */
bool stream_is_info_marker(const struct legacy_stream *s, uint64_t value);

/* PV: up to *count (<= CLS_BATCH_MAX) further entries of the p2m frame list; *count: how many. */
bool stream_read_frames(struct legacy_stream *s, struct cls_input *in,
                        uint64_t frames[CLS_BATCH_MAX], uint32_t *count,
                        struct cls_error *err) CLS_MUST_CHECK;

/* tmem.c: what a chunk XC_SAVE_ID_TMEM holds. */
struct tmem {
    size_t oid_size;
    uint32_t max_pools, pools, pools_with_pages;
    uint64_t pages;
};

bool stream_read_tmem(struct cls_input *in, struct tmem *tmem,
                      struct cls_error *err) CLS_MUST_CHECK;
bool stream_read_tmem_extra(const struct legacy_stream *s, struct cls_input *in,
                            struct cls_error *err) CLS_MUST_CHECK;

/* chunk.c: one chunk of a body. */
struct chunk {
    uint64_t start;                /* offset of its id */
    const struct chunk_type *type; /* NULL: a page batch */
    uint32_t entries;              /* of a batch; they lie in raw */
    uint32_t pages;                /* how many entries are of a type with content */
    uint64_t bulk;                 /* bytes that belong to it and were not consumed */
    uint64_t value;                /* of a HVM parameter */
    struct tmem tmem;
    uint8_t raw[CLS_BATCH_MAX * 8]; /* entries, vcpu map, TSC info: as they stand in the stream */
    uint32_t max_vcpu_id;
};

/*
 * All of a chunk but its bulk: the pages of a batch, compressed data, the toolstack blob. Entries
 * of a batch are not checked: see chunk_entry().
 */
bool chunk_read(const struct legacy_stream *s, struct cls_input *in, struct chunk *chunk,
                struct cls_error *err) CLS_MUST_CHECK;

/* The chunk belongs to the stream: what later parts depend on is noted. */
void chunk_note(struct legacy_stream *s, const struct chunk *chunk);

/* Is the chunk, noted or not, the end of its body? */
bool chunk_ends_body(const struct chunk *chunk);

/* Are the pages of the body that is being read compressed? */
bool stream_is_compressed(const struct legacy_stream *s);

enum entry_fault {
    ENTRY_SOUND,
    ENTRY_TOO_WIDE, /* bits above the type */
    ENTRY_BOGUS_TYPE,
    ENTRY_BEYOND, /* its pfn lies beyond p2m_size */
};

static inline unsigned entry_type(uint32_t entry)
{
    return entry >> 28;
}

static inline uint32_t entry_pfn(uint32_t entry)
{
    return entry & P2M_SIZE_MAX;
}

/*
 * Entry i of a batch, as 32 bits: page type and pfn. The upper half of a 64-bit one may be all ones
 * where the type's highest bit is set: the hypervisor's page types were signed up to Xen 3.0.4
 * (seen in streams of that saver). Entries of type XTAB are always sound: their pfn means nothing.
 */
static inline enum entry_fault chunk_entry(const struct legacy_stream *s, const struct chunk *chunk,
                                           uint32_t i, uint32_t *entry)
{
    uint64_t value = stream_get_ulong(s, chunk->raw, i);
    uint32_t upper = (uint32_t)(value >> 32);

    *entry = (uint32_t)value;
    if (entry_type(*entry) == PFINFO_XTAB)
        return ENTRY_SOUND;
    if (upper != 0 && (upper != UINT32_MAX || !(*entry >> 31)))
        return ENTRY_TOO_WIDE;
    if (!page_type_known(entry_type(*entry)))
        return ENTRY_BOGUS_TYPE;
    return entry_pfn(*entry) < s->p2m_size ? ENTRY_SOUND : ENTRY_BEYOND;
}

/* tail.c: one part of a tail. */
enum tail_kind {
    TAIL_NONE,          /* before the first, and behind the last */
    TAIL_UNMAPPED_PFNS, /* PV: bulk is toolstack ulongs */
    TAIL_VCPU_BASIC,    /* and so on, for each online vcpu by ascending id */
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
    uint64_t bulk;  /* bytes that belong to it and were not consumed */
    uint32_t vcpu;  /* its id */
    uint32_t count; /* of unmapped pfns */
    /* QEMU: signature and length, as found; without length, the state goes on to the end of input.
     */
    uint8_t lead[QEMU_LEAD_MAX];
    size_t lead_len;
    bool to_eof;
};

/* All of a tail's next part but its bulk. part: the one before; begin with TAIL_NONE. */
bool tail_read(const struct legacy_stream *s, struct cls_input *in, struct tail_part *part,
               struct cls_error *err) CLS_MUST_CHECK;

#endif
