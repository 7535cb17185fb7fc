/*
 * The configurations that a conversion writes: a file beside the new save (--write-config), and the
 * one in its header (--config, --repair).
 */
#ifndef CONVERT_CONFIGURE_H
#define CONVERT_CONFIGURE_H

#include "conversion.h"

/*
 * Makes the file of --write-config, if asked for, ready for writing: a second output, made like the
 * first one. It must be neither the input nor the first.
 */
bool configure_open(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/* Before the sandbox is entered: loads json-c where needed, and reads the file of --config. */
bool configure_prepare(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/*
 * Makes the configurations, once, and gives the envelope the one for its header. The head of the
 * envelope was read, its configuration is held, and c->in is at the stream.
 */
bool configure(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/* Writes the file of --write-config, which is to be named together with the output. */
bool configure_write(const struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/* Also after failures. */
void configure_end(struct conversion *c);

#endif
