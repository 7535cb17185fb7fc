/*
 * Writes xl's configuration syntax (xl.cfg(5); tools/libs/util/libxlu_cfg_l.l of Xen 4.17): one
 * setting per line, values in double quotes. Control characters are replaced by '?'.
 */
#ifndef CONFIG_XL_TEXT_H
#define CONFIG_XL_TEXT_H

#include "config/text.h"

/* Appends s unchanged. */
void xl_put(struct config_text *t, const char *s);

/* Appends n bytes as a part of a comment: control characters are replaced. */
void xl_put_comment(struct config_text *t, const char *s, size_t n);

/* Appends s as a part of a quoted value: also escapes quotes and backslashes. */
void xl_put_part(struct config_text *t, const char *s);

/* Append a line: key = "value", or key = value. */
void xl_put_string(struct config_text *t, const char *key, const char *value);
void xl_put_number(struct config_text *t, const char *key, long long value);

/* key = [ ... ]. Items are written by xl_item(), or by xl_item_begin(), parts and xl_item_end(). */
void xl_list_begin(struct config_text *t, const char *key);
void xl_item(struct config_text *t, const char *value);
void xl_item_begin(struct config_text *t);
void xl_item_end(struct config_text *t);
void xl_list_end(struct config_text *t);

#endif
