/*
 * The header of an xl save file (tools/libxl/xl_cmdimpl.c of Xen 4.1 to 4.5): 32 bytes of magic,
 * u32 byte order, mandatory flags, optional flags and optional_data_len, then the optional data:
 * u32 config_len and the config.
 */
#ifndef ENVELOPE_XL_H
#define ENVELOPE_XL_H

#include "envelope/envelope.h"

#define XL_MAGIC_SIZE 32
extern const char xl_magic[XL_MAGIC_SIZE + 1];

bool xl_read(struct cls_input *in, const struct cls_log *log, struct envelope *envelope,
             struct cls_error *err);
bool xl_write(const struct envelope *envelope, struct cls_input *in, struct cls_output *out,
              bool libxl_v2, struct cls_error *err);

#endif
