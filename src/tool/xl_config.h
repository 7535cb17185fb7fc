/*
 * Name, uuid and type of the guest, from the configuration in an xl header: for people to see,
 * never needed for a conversion.
 */
#ifndef TOOL_XL_CONFIG_H
#define TOOL_XL_CONFIG_H

#include "convert/inspect.h"
#include "lazy/json.h"

/* Fills name, uuid and config_guest from the config, as far as it says. json NULL: not from JSON.
 */
void xl_config_read(struct inspection *r, const struct lazy_json *json);

#endif
