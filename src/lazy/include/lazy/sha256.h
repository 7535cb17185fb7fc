/*
 * nettle: SHA-256. It is small, needs no initialisation, and uses the processor's SHA instructions.
 */
#ifndef LAZY_SHA256_H
#define LAZY_SHA256_H

#include <nettle/sha2.h>

#include "lazy/library.h"

/* All functions of nettle that are used; each becomes a member of its own name. */
#define LAZY_SHA256_FUNCTIONS(X)                                                                   \
    X(nettle_sha256_init)                                                                          \
    X(nettle_sha256_update)                                                                        \
    X(nettle_sha256_digest)

#define LAZY_SHA256_MEMBER(name) __typeof__(name) *name;

struct lazy_sha256 {
    LAZY_SHA256_FUNCTIONS(LAZY_SHA256_MEMBER)
};

/* Loads nettle at the first call. Returns NULL and fills err (CLS_SYSTEM) if that fails. */
const struct lazy_sha256 *lazy_sha256(struct cls_error *err);

#endif
