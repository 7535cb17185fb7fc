/*
 * The configurations that a conversion writes: a file beside the new save (--write-config), and the
 * one in its header (--config, --repair).
 */
#ifndef CONVERT_CONFIGURE_H
#define CONVERT_CONFIGURE_H

#include "conversion.h"

/*
 * With --write-config, opens that file as a second output, in the same way as the first one. Fails
 * if it is the input or the first output.
 */
bool configure_open(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/* Loads json-c if needed, and reads the file of --config. To be called before the sandbox. */
bool configure_prepare(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/* Fails if --config or --write-config do not suit this container. */
bool configure_check(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Makes the configurations once, and sets the one for the header in the envelope. Before this call,
 * the head of the envelope is read and its configuration is held; c->in is at the stream.
 */
bool configure(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/* Writes the file of --write-config. It is renamed into place together with the output. */
bool configure_write(const struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/* Also after failures. */
void configure_end(struct conversion *c);

#endif
