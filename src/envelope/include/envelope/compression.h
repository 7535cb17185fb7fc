/*
 * Compressed files, identified by their magic, and the programs that decompress them.
 */
#ifndef ENVELOPE_COMPRESSION_H
#define ENVELOPE_COMPRESSION_H

#include <stddef.h>
#include <stdint.h>

struct compression {
    const char *program; /* "zstd": -dc decompresses standard input to standard output */
    const char *package; /* of Debian */
};

/* Bytes from the start of a file that compression_find() needs to identify every format. */
#define COMPRESSION_PEEK 16

/*
 * Returns the compression format that the n bytes begin with (static), or NULL. gzip's magic can
 * also be the start of a legacy stream (a p2m_size): such bytes are not taken for gzip.
 */
const struct compression *compression_find(const uint8_t *bytes, size_t n);

#endif
