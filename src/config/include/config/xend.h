/*
 * The xl configuration that xend's s-expression of a domain amounts to.
 */
#ifndef CONFIG_XEND_H
#define CONFIG_XEND_H

#include "base/image.h"
#include "config/text.h"
#include "envelope/sexp.h"

/*
 * Adds it to text. domain: (domain (name ...) (image ...) (device ...) ...), checked; guest: the
 * stream's, where known. Everything that xend had stands in comments at the end, with control
 * characters masked. Returns the number of settings that have no equivalent, or a value that xl
 * does not take; each of these is a comment of its own, too.
 */
unsigned config_from_xend(struct sexp domain, enum guest_type guest, struct config_text *text);

#endif
