/*
 * Distinguishes files that are not saves from files that may be saves but cannot be read.
 */
#ifndef BATCH_CLASSIFY_H
#define BATCH_CLASSIFY_H

#include "convert/convert.h"
#include "row.h"

/*
 * Returns the result for a file that was rejected as input (CLS_BAD_INPUT). A file of an unknown
 * format counts as unreadable if it is named like a save: "x.save" (xl, libvirt), "x.chk" (xend),
 * "x.xvs" (XenCenter) or "suspend-image" (XenServer), in upper or lower case, also with the suffix
 * of a compressed file ("x.save.gz").
 */
enum row_result classify_rejected(enum convert_input input, const char *path);

#endif
