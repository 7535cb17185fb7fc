/*
 * libxl's JSON as xl's configuration text.
 */
#ifndef CONFIG_JSON_TEXT_H
#define CONFIG_JSON_TEXT_H

#include "config/text.h"
#include "lazy/json.h"

/*
 * Adds to text what json (as xl save of Xen 4.5 wrote it) amounts to. Fails (CLS_BAD_INPUT) where
 * xl's text has no word for something in it.
 */
bool config_from_json(const struct lazy_json *library, const struct config_text *json,
                      struct config_text *text, struct cls_error *err) CLS_MUST_CHECK;

#endif
