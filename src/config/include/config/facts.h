/*
 * Facts from a configuration, for the verdict on a save (limits/facts.h).
 */
#ifndef CONFIG_FACTS_H
#define CONFIG_FACTS_H

#include "limits/facts.h"

/*
 * Collects the facts of a configuration of len bytes, xl's text or libxl's JSON; replaces those of
 * an earlier call. Nothing is rejected: a line of xl's text that xl cannot parse is skipped.
 */
void config_facts(struct limits_facts *facts, const char *text, size_t len, bool json);

/*
 * Copies the string value of a setting in xl's text, as xl reads it, truncated to size. Leaves buf
 * as it is if there is none.
 */
void config_setting(const char *text, size_t len, const char *key, char *buf, size_t size);

#endif
