/*
 * Reader of the legacy libxc stream (Xen 3.0 to 4.5): bytes in, image items out.
 *
 * The format has no written specification; its truth is the restore code of Xen 4.5
 * (tools/libxc/xc_domain_restore.c, tools/libxc/xg_save_restore.h). Where Xen's own converter reads
 * it differently, this reader follows the restore code (docs/deviations.md).
 */
#ifndef LEGACY_READER_H
#define LEGACY_READER_H

#include "base/image.h"
#include "base/log.h"
#include "base/pfn_set.h"
#include "base/spool.h"
#include "base/trace.h"

/* The tail behind which the stream ends, if no body has XC_SAVE_ID_LAST_CHECKPOINT. */
enum legacy_checkpoints {
    LEGACY_CHECKPOINTS_NEVER, /* the first */
    LEGACY_CHECKPOINTS_LOOK,  /* the first one behind which no body seems to begin */
    LEGACY_CHECKPOINTS_YES,   /* the last complete one: only checkpoints follow (Remus) */
};

struct legacy_options {
    unsigned width;        /* of the saving toolstack's unsigned long, in bytes: 4 or 8 */
    enum guest_type guest; /* GUEST_PV or GUEST_HVM */
    bool skip_qemu;        /* HVM: stop behind the HVM context, leave the qemu record unread */
    bool ignore_toolstack; /* skip the toolstack blob unchecked */
    bool embedded;         /* the stream is part of something larger: it ends before the input */
    enum legacy_checkpoints checkpoints; /* LOOK: only if no other process reads on */
    struct spool *store; /* for the pages of compressed checkpoints; NULL only with NEVER */
    struct spool *spool; /* for checkpoints that may be incomplete; NULL with regular files */
    bool compact;        /* give only the last content of each pfn; regular files only */
    bool drop_tmem;      /* convert without the guest's pages in tmem */
    const struct pfn_set *leave_out;  /* pages to omit; NULL: none */
    const struct stream_trace *trace; /* gets each part; may be NULL */
};

struct legacy_reader;

/*
 * A reader of the stream that begins at the next byte of in. in and log (may be
 * NULL) stay the caller's and must outlive it. NULL and err filled when there is no memory.
 */
struct legacy_reader *legacy_reader_new(struct cls_input *in, const struct legacy_options *options,
                                        const struct cls_log *log, struct cls_error *err);
void legacy_reader_free(struct legacy_reader *reader);

/*
 * Reads the next item. Its pointers are valid until the next call. The caller may consume all or
 * part of the bulk that the item refers to in the input; the rest is skipped by the next call.
 * After IMAGE_END the input is exactly behind the stream's last byte (but see
 * legacy_reader_rest_dropped()); don't call again then.
 */
bool legacy_reader_next(struct legacy_reader *reader, struct image_item *item,
                        struct cls_error *err) CLS_MUST_CHECK;

/*
 * Was an incomplete checkpoint found behind the last complete one? It is ignored, with a warning.
 * At the end, a regular file is in front of it; other inputs are somewhere in it.
 */
bool legacy_reader_rest_dropped(const struct legacy_reader *reader);

/*
 * At IMAGE_END, of a regular file: do the bytes behind the stream look like the body of a further
 * checkpoint? They never do where XC_SAVE_ID_LAST_CHECKPOINT was seen, by which savers since 4.1
 * say that none follows. Nothing is consumed, but the fd may have been read ahead.
 */
bool legacy_reader_sees_more(const struct legacy_reader *reader, bool *seen,
                             struct cls_error *err) CLS_MUST_CHECK;

/*
 * PV, at IMAGE_END: pages that were given to the caller, though the stream's tail lists their pfns
 * as unmapped: the guest gave them back to Xen while it was saved live. The restore code freed them
 * again (xc_domain_restore() in tools/libxc/xc_domain_restore.c of Xen 4.5). v2 cannot take a page
 * back, but a second reader can leave_out them. The reader owns the set; the caller may move it.
 */
struct pfn_set *legacy_reader_given_back(struct legacy_reader *reader);

#endif
