/*
 * A verification: opens the input, reads the envelope, verifies the v2 stream in it.
 */
#ifndef CONVERT_VERIFY_H
#define CONVERT_VERIFY_H

#include "envelope/envelope.h"
#include "v2/verify.h"

enum verify_format {
    VERIFY_AUTO,
    VERIFY_LIBXC,
    VERIFY_LIBXL,
    VERIFY_XL,
    VERIFY_LIBVIRT,
};

struct verify_options {
    const char *in; /* as in struct convert_options; of an fd, nothing behind END is read */
    enum verify_format format;
    uint64_t max_input; /* bytes of the input, uncompressed, that may be read; 0: any */
    bool no_sandbox;    /* for debugging */
    int keep_fd;        /* stays open in the sandbox; 0: none */
};

/* Logs what is found; err and summary as in v2_verify(). log may be NULL. */
bool verify_stream(const struct verify_options *options, const struct cls_log *log,
                   struct v2_summary *summary, struct cls_error *err) CLS_MUST_CHECK;

/*
 * The same on an open input, which is at the first byte; extent and observer as in v2_verify().
 * envelope is all zero before, and to be
 * freed by envelope_free(), after failures, too.
 */
bool verify_input(struct cls_input *in, enum verify_format format, enum v2_extent extent,
                  struct envelope *envelope, const struct cls_log *log,
                  const struct v2_observer *observer, struct v2_summary *summary,
                  struct cls_error *err) CLS_MUST_CHECK;

#endif
