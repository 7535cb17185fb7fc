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
 * As struct convert_hook has it; ctx is a struct digests. Both files are read from their beginning,
 * without moving them. The library must be loaded (lazy_sha256()).
 */
bool digests_take(void *ctx, int in_fd, int out_fd, uint64_t out_size, struct cls_error *err);

#endif
