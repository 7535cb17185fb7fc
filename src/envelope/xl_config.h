/*
 * The xl configuration that xend's s-expression of a domain amounts to.
 */
#ifndef ENVELOPE_XL_CONFIG_H
#define ENVELOPE_XL_CONFIG_H

#include "base/output.h"
#include "sexp.h"

/*
 * domain: (domain (name ...) (image ...) (device ...) ...), checked. What xl has no word for, and
 * all that was written, stands in comments behind. Bytes that a terminal might act on become '?'.
 */
bool xl_config_write(struct sexp domain, struct cls_output *out,
                     struct cls_error *err) CLS_MUST_CHECK;

#endif
