/*
 * The header of an xl save file (tools/libxl/xl_cmdimpl.c of Xen 4.1 to 4.5): 32 bytes of magic,
 * u32 byte order, mandatory flags, optional flags and optional_data_len, then the optional data:
 * u32 config_len and the config. xl ignores optional data after the config.
 */
#ifndef ENVELOPE_XL_H
#define ENVELOPE_XL_H

#include "type.h"

/*
 * Writes a new header with envelope->new_config. Without a configuration the result is restored by
 * xl restore CONFIG FILE. libxl_v2: set the flag for a libxl v2 stream.
 */
bool xl_write_header(const struct envelope *envelope, bool libxl_v2, struct cls_output *out,
                     struct cls_error *err) CLS_MUST_CHECK;

#endif
