/*
 * An unnamed temporary file, for data that is too large for memory. The caller chooses the offset
 * of what it writes; what was never written is a hole.
 */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct spool {
    int fd;
    int errnum;      /* why there is no fd: reported by the first use */
    bool missed;     /* that was reported */
    const char *dir; /* its directory */
};

/*
 * Makes the file in $TMPDIR (default /tmp), with mode 0600. To be called before the sandbox is
 * entered. A failure is only reported when the spool is used, since most conversions never do.
 */
void spool_open(struct spool *spool);

/* Also to be called after spool_open() failed; a spool of all zero is ignored. */
void spool_close(struct spool *spool);

/* n bytes at offset; errors are CLS_SYSTEM. */
bool spool_put(struct spool *spool, uint64_t offset, const void *bytes, size_t n,
               struct cls_error *err) CLS_MUST_CHECK;
bool spool_get(struct spool *spool, uint64_t offset, void *bytes, size_t n,
               struct cls_error *err) CLS_MUST_CHECK;

/* Frees the space before offset, where the file system can do that. */
void spool_discard(struct spool *spool, uint64_t offset);

#endif
