/*
 * Name and uuid of the guest from the configuration in an xl header. They are only shown; the
 * conversion does not use them.
 */
#ifndef TOOL_XL_CONFIG_H
#define TOOL_XL_CONFIG_H

#include "convert/inspect.h"
#include "lazy/json.h"

/* Fills name and uuid, if the config has them. json NULL: a JSON config is ignored. */
void xl_config_read(struct inspection *r, const struct lazy_json *json);

#endif
