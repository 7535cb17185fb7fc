/*
 * Converts libxl's JSON to xl's configuration text.
 */
#ifndef CONFIG_JSON_TEXT_H
#define CONFIG_JSON_TEXT_H

#include "config/text.h"
#include "lazy/json.h"

/*
 * Appends to text the configuration in json, which is in the format of xl save of Xen 4.5. Fails
 * with CLS_BAD_INPUT if a member has no equivalent in xl's text.
 */
bool config_from_json(const struct lazy_json *library, const struct config_text *json,
                      struct config_text *text, struct cls_error *err) CLS_MUST_CHECK;

#endif
