/*
 * Reader of the legacy libxc stream (Xen 3.0 to 4.5): reads bytes, returns image items.
 *
 * The format has no written specification. The restore code of Xen 4.5 is the reference
 * (tools/libxc/xc_domain_restore.c, tools/libxc/xg_save_restore.h). If Xen's own converter differs,
 * this reader follows the restore code (docs/deviations.md).
 */
#ifndef LEGACY_READER_H
#define LEGACY_READER_H

#include "base/image.h"
#include "base/log.h"
#include "base/pfn_set.h"
#include "base/spool.h"
#include "base/trace.h"

/* The tail after which the stream ends, if no body has XC_SAVE_ID_LAST_CHECKPOINT. */
enum legacy_checkpoints {
    LEGACY_CHECKPOINTS_NEVER, /* the first */
    LEGACY_CHECKPOINTS_LOOK,  /* the first one after which no body seems to begin */
    LEGACY_CHECKPOINTS_YES,   /* the last complete one: only checkpoints follow (Remus) */
};

struct legacy_options {
    unsigned width;        /* of the saving toolstack's unsigned long, in bytes: 4 or 8 */
    enum guest_type guest; /* GUEST_PV or GUEST_HVM */
    bool skip_qemu;        /* HVM: stop after the HVM context, leave the qemu record unread */
    bool ignore_toolstack; /* skip the toolstack blob without checks */
    bool embedded;         /* the stream is inside a container that marks its own end */
    enum legacy_checkpoints checkpoints; /* LOOK: only if no other process reads the input */
    struct spool *store; /* for the pages of compressed checkpoints; NULL only with NEVER */
    struct spool *spool; /* for checkpoints that may be incomplete; NULL with regular files */
    bool compact;        /* return only the last content of each pfn; regular files only */
    bool drop_tmem;      /* convert without the guest's pages in tmem */
    const struct pfn_set *leave_out;  /* pages to omit; NULL: none */
    const struct stream_trace *trace; /* gets each part; NULL: none */
};

struct legacy_reader;

/*
 * Creates a reader of the stream that begins at the next byte of in. The caller keeps ownership of
 * in, log (may be NULL), and the spools, set and trace in options; they must outlive the reader.
 * Returns NULL and fills err if there is no memory. Free with legacy_reader_free().
 */
struct legacy_reader *legacy_reader_new(struct cls_input *in, const struct legacy_options *options,
                                        const struct cls_log *log, struct cls_error *err);

/* Frees the reader; NULL is ignored. */
void legacy_reader_free(struct legacy_reader *reader);

/*
 * Reads the next item. Its pointers are valid until the next call. The caller may consume all or
 * part of the bulk that the item refers to in the input; the next call skips the rest. After
 * IMAGE_END the input is exactly after the stream's last byte (exception:
 * legacy_reader_rest_dropped()), and the function must not be called again. Fails with
 * CLS_BAD_INPUT if the stream is not sound, else with CLS_SYSTEM.
 */
bool legacy_reader_next(struct legacy_reader *reader, struct image_item *item,
                        struct cls_error *err) CLS_MUST_CHECK;

/*
 * Did an incomplete checkpoint follow the last complete one? It is ignored, with a warning. At
 * IMAGE_END, a regular file is positioned before it, other inputs somewhere inside it.
 */
bool legacy_reader_rest_dropped(const struct legacy_reader *reader);

/*
 * At IMAGE_END of a regular file: *seen says whether the next bytes look like the body of another
 * checkpoint. It is false if the stream has XC_SAVE_ID_LAST_CHECKPOINT, which savers since 4.1
 * write if no checkpoint follows. Consumes nothing, but may read the fd ahead.
 */
bool legacy_reader_sees_more(const struct legacy_reader *reader, bool *seen,
                             struct cls_error *err) CLS_MUST_CHECK;

/*
 * At IMAGE_END of a PV stream: the pages that were returned although the tail lists their pfns as
 * unmapped. The guest released them during the live save. Xen's restore code freed them again
 * (xc_domain_restore() in tools/libxc/xc_domain_restore.c of Xen 4.5). v2 has no means for that,
 * but a second reader can leave them out (leave_out). The reader owns the set. The caller may move
 * it.
 */
struct pfn_set *legacy_reader_given_back(struct legacy_reader *reader);

#endif
