#include "digest.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lazy/sha256.h"

#define STEP ((size_t)256 * 1024)

static bool digest_file(const struct lazy_sha256 *lib, int fd, uint8_t *buf, uint8_t *digest,
                        struct cls_error *err)
{
    struct sha256_ctx ctx;
    off_t at = 0;
    ssize_t n;

    lib->nettle_sha256_init(&ctx);
    while ((n = pread(fd, buf, STEP, at)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cls_fail_errno(err, errno, "cannot read for the digest");
        lib->nettle_sha256_update(&ctx, (size_t)n, buf);
        at += n;
    }
    lib->nettle_sha256_digest(&ctx, DIGEST_SIZE, digest);
    return true;
}

bool digests_take(void *ctx, int in_fd, int out_fd, struct cls_error *err)
{
    const struct lazy_sha256 *lib = lazy_sha256(err);
    struct digests *d = ctx;
    uint8_t *buf;

    if (!lib)
        return false;
    buf = malloc(STEP);
    if (!buf)
        return cls_fail_errno(err, ENOMEM, "cannot allocate a buffer");
    d->done =
        digest_file(lib, in_fd, buf, d->in, err) && digest_file(lib, out_fd, buf, d->out, err);
    free(buf);
    return d->done;
}
