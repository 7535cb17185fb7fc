/*
 * The configurations that a conversion writes: beside the new save (--write-config), and in its
 * header (--config, --repair).
 */
#ifndef CONVERT_CONFIGURE_H
#define CONVERT_CONFIGURE_H

#include "conversion.h"

/*
 * Makes the file of --write-config, if asked for, ready for writing: a second output, made like the
 * first one. It must be neither the input nor the first.
 */
bool configure_open(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/* Before the sandbox is entered: loads what it takes, and reads the file that --config names. */
bool configure_prepare(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/*
 * The envelope's head was read, its configuration is held, and in stands at the stream. Makes the
 * configurations, once, and tells the envelope what to carry.
 */
bool configure(struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/* Writes the file of --write-config, which is to be named together with the output. */
bool configure_write(const struct conversion *c, struct cls_error *err) CLS_MUST_CHECK;

/* Also after failures. */
void configure_end(struct conversion *c);

#endif
