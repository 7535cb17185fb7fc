/*
 * Compressed files, known by their first bytes, and who uncompresses them.
 */
#ifndef ENVELOPE_COMPRESSION_H
#define ENVELOPE_COMPRESSION_H

#include <stddef.h>
#include <stdint.h>

struct compression {
    const char *program; /* "zstd": with -dc it uncompresses standard input to standard output */
    const char *package; /* Debian's */
};

/* Bytes from the start of a file that tell. */
#define COMPRESSION_LOOK 16

/*
 * How these n bytes are compressed, or NULL. Only gzip's magic fits a legacy stream, too (by its
 * p2m_size): what can be one is not taken for gzip's.
 */
const struct compression *compression_find(const uint8_t *bytes, size_t n);

#endif
