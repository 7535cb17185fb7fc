/*
 * Converts xend's s-expression of a domain to an xl configuration.
 */
#ifndef CONFIG_XEND_H
#define CONFIG_XEND_H

#include "base/image.h"
#include "config/text.h"
#include "envelope/sexp.h"

/*
 * Appends the xl configuration to text. domain: (domain (name ...) (image ...) (device ...) ...),
 * checked by sexp_check(). guest: of the stream, if known. The original is appended as comments,
 * with control characters replaced. Returns the number of settings that have no equivalent or whose
 * value xl rejects; each of them also gets a comment of its own.
 */
unsigned config_from_xend(struct sexp domain, enum guest_type guest, struct config_text *text);

#endif
