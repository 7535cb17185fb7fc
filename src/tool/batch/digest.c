#include "digest.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lazy/sha256.h"

#define STEP ((size_t)256 * 1024)

/* Computes the digest of the first size bytes, or of the whole file if it is shorter. */
static bool digest_file(const struct lazy_sha256 *lib, int fd, uint64_t size, uint8_t *buf,
                        uint8_t *digest, struct cls_error *err)
{
    struct sha256_ctx ctx;
    uint64_t at = 0;

    lib->nettle_sha256_init(&ctx);
    while (at < size) {
        size_t step = size - at < STEP ? (size_t)(size - at) : STEP;
        ssize_t n = pread(fd, buf, step, (off_t)at);

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return cls_fail_errno(err, errno, "cannot read for the digest");
        if (n > 0) {
            lib->nettle_sha256_update(&ctx, (size_t)n, buf);
            at += (uint64_t)n;
        }
    }
    lib->nettle_sha256_digest(&ctx, DIGEST_SIZE, digest);
    return true;
}

bool digests_take(void *ctx, int in_fd, int out_fd, uint64_t out_size, struct cls_error *err)
{
    const struct lazy_sha256 *lib = lazy_sha256(err);
    struct digests *d = ctx;
    uint8_t *buf;

    if (!lib)
        return false;
    buf = malloc(STEP);
    if (!buf)
        return cls_fail_errno(err, ENOMEM, "cannot allocate a buffer");
    d->done = digest_file(lib, in_fd, INT64_MAX, buf, d->in, err) &&
              digest_file(lib, out_fd, out_size, buf, d->out, err);
    free(buf);
    return d->done;
}
