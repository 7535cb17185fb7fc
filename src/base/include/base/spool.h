/*
 * An unnamed temporary file, for data that is too large for memory. The caller chooses the offsets
 * to write at; other parts of the file are holes.
 */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct spool {
    int fd;
    int errnum;      /* errno value of spool_open(), reported at the first use */
    bool missed;     /* the spool was needed, but there is no fd */
    const char *dir; /* its directory */
};

/*
 * Creates the file in $TMPDIR (default /tmp) with mode 0600. To be called before the sandbox is
 * entered. An error is only reported when the spool is used, because few conversions use it.
 */
void spool_open(struct spool *spool);

/* Closes the file. Also to be called if spool_open() failed; a zeroed spool is ignored. */
void spool_close(struct spool *spool);

/* Write and read n bytes at offset. Fail with CLS_SYSTEM. */
bool spool_put(struct spool *spool, uint64_t offset, const void *bytes, size_t n,
               struct cls_error *err) CLS_MUST_CHECK;
bool spool_get(struct spool *spool, uint64_t offset, void *bytes, size_t n,
               struct cls_error *err) CLS_MUST_CHECK;

/* Frees the disk space before offset, if the file system supports it. */
void spool_discard(struct spool *spool, uint64_t offset);

#endif
