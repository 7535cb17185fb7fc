/*
 * nettle: SHA-256. Small, without set-up, and it uses the processor's own instructions where there
 * are any.
 */
#ifndef LAZY_SHA256_H
#define LAZY_SHA256_H

#include <nettle/sha2.h>

#include "lazy/library.h"

/* Every function of nettle that is used, by its own name. */
#define LAZY_SHA256_FUNCTIONS(X)                                                                   \
    X(nettle_sha256_init)                                                                          \
    X(nettle_sha256_update)                                                                        \
    X(nettle_sha256_digest)

#define LAZY_SHA256_MEMBER(name) __typeof__(name) *name;

struct lazy_sha256 {
    LAZY_SHA256_FUNCTIONS(LAZY_SHA256_MEMBER)
};

/* Loads nettle at the first call; NULL and err filled (CLS_SYSTEM) where that is not possible. */
const struct lazy_sha256 *lazy_sha256(struct cls_error *err);

#endif
