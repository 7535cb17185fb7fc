/*
 * SHA-256 of an input and its output.
 */
#ifndef BATCH_DIGEST_H
#define BATCH_DIGEST_H

#include "row.h"

struct digests {
    bool done;
    uint8_t in[DIGEST_SIZE], out[DIGEST_SIZE];
};

/*
 * The before_commit of a struct convert_hook; ctx is a struct digests. Reads both files from offset
 * 0 and keeps their file offsets. nettle must be loaded (lazy_sha256()).
 */
bool digests_take(void *ctx, int in_fd, int out_fd, uint64_t out_size, struct cls_error *err);

#endif
