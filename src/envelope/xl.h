/*
 * The header of an xl save file (tools/libxl/xl_cmdimpl.c of Xen 4.1 to 4.5): 32 bytes of magic,
 * u32 byte order, mandatory flags, optional flags and optional_data_len, then the optional data:
 * u32 config_len and the config.
 */
#ifndef ENVELOPE_XL_H
#define ENVELOPE_XL_H

#include "type.h"

/* A header that announces a libxl v2 stream and has no config: xl restore CONFIG FILE takes it. */
bool xl_write_bare_header(struct cls_output *out, struct cls_error *err) CLS_MUST_CHECK;

#endif
