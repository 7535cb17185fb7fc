/*
 * Files that are no legacy saves: which of them the user must look at.
 */
#ifndef BATCH_CLASSIFY_H
#define BATCH_CLASSIFY_H

#include "convert/convert.h"
#include "row.h"

/*
 * The row of a file that a conversion rejected (CLS_BAD_INPUT) as input. One that nothing is known
 * about is unreadable all the same if it is named like a save: "x.save" (xl, libvirt), "x.chk"
 * (xend), "x.xvs" (XenCenter) or "suspend-image" (XenServer), in any case, also with the suffix of
 * a compressed file ("x.save.gz").
 */
enum row_result classify_rejected(enum convert_input input, const char *path);

#endif
