#ifndef V2_WRITER_INTERNAL_H
#define V2_WRITER_INTERNAL_H

#include "v2/writer.h"

/* writer_emulator.c: libxl's records for QEMU, or in libxc format the qemu record as it was. */
bool put_physmap(struct v2_writer *w, const struct image_physmap *physmap, struct cls_error *err);
bool put_emulator(struct v2_writer *w, const struct image_emulator *emulator,
                  struct cls_error *err);

#endif
