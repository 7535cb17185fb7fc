/*
 * Writes xl's configuration syntax (xl.cfg(5); tools/libs/util/libxlu_cfg_l.l of Xen 4.17): a
 * setting a line, values in double quotes. Bytes that a terminal might act on become '?'.
 */
#ifndef CONFIG_XL_TEXT_H
#define CONFIG_XL_TEXT_H

#include "config/text.h"

/* As it is. */
void xl_put(struct config_text *t, const char *s);

/* Control characters masked; for comments. */
void xl_put_comment(struct config_text *t, const char *s, size_t n);

/* As xl_put_comment(), with quotes and backslashes escaped: a part of a value. */
void xl_put_part(struct config_text *t, const char *s);

void xl_put_string(struct config_text *t, const char *key, const char *value);
void xl_put_number(struct config_text *t, const char *key, long long value);

/* key = [ ... ]: the items in between, each by xl_item() or by xl_item_begin(), parts and _end().
 */
void xl_list_begin(struct config_text *t, const char *key);
void xl_item(struct config_text *t, const char *value);
void xl_item_begin(struct config_text *t);
void xl_item_end(struct config_text *t);
void xl_list_end(struct config_text *t);

#endif
