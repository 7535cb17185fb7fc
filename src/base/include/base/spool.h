/*
 * A temporary file without a name, for what is too large for memory. Bytes are put at an offset
 * that the caller chooses and only take the space that they need: what was never put is a hole.
 */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct spool {
    int fd;
    int errnum;      /* why there is no fd: told by the first use */
    bool missed;     /* the first use has told so */
    const char *dir; /* where it lies */
};

/*
 * Makes the file in $TMPDIR (default /tmp), readable for nobody else. To be called before the
 * sandbox is entered. That it failed is only told when the spool is used, as it may never be.
 */
void spool_open(struct spool *spool);

/* Also after spool_open() failed, and of a spool of all zero. */
void spool_close(struct spool *spool);

/* n bytes at offset; errors are CLS_SYSTEM. */
bool spool_put(struct spool *spool, uint64_t offset, const void *bytes, size_t n,
               struct cls_error *err) CLS_MUST_CHECK;
bool spool_get(struct spool *spool, uint64_t offset, void *bytes, size_t n,
               struct cls_error *err) CLS_MUST_CHECK;

/*
 * Gives back the space of what lies before offset. A file system that can't do that keeps it: the
 * spool is only larger then.
 */
void spool_forget(struct spool *spool, uint64_t offset);

#endif
