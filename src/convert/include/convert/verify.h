/*
 * A verification: opens the input, reads the envelope, and verifies the v2 stream in it.
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
    const char *in; /* as in struct convert_options; from an fd, no byte after END is read */
    enum verify_format format;
    uint64_t max_input; /* maximum size of the decompressed input, in bytes; 0: any */
    bool no_sandbox;    /* for debugging */
    int keep_fd;        /* fd that stays open in the sandbox; 0: none */
};

/*
 * Verifies one save. Enters the sandbox. Logs the records, and warns of limits that prevent the
 * restore of a sound stream. err and summary as in v2_verify(). log may be NULL.
 */
bool verify_stream(const struct verify_options *options, const struct cls_log *log,
                   struct v2_summary *summary, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Verifies an open input from its next byte on, without entering the sandbox. log, observer,
 * summary and err as in v2_verify(), and extent, unless the envelope marks its own end. envelope
 * must be zeroed; the caller frees it with envelope_free(), also after a failure.
 */
bool verify_input(struct cls_input *in, enum verify_format format, enum v2_extent extent,
                  struct envelope *envelope, const struct cls_log *log,
                  const struct v2_observer *observer, struct v2_summary *summary,
                  struct cls_error *err) CLS_MUST_CHECK;

#endif
