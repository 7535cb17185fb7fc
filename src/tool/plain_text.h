/*
 * Names of files as text that any report can hold: valid UTF-8 without control characters.
 */
#ifndef TOOL_PLAIN_TEXT_H
#define TOOL_PLAIN_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* Does this character steer a display (direction of writing, too), or is it none at all? */
bool is_control_character(uint32_t c);

/* Is it such text as it stands? */
bool is_plain_text(const char *bytes);

/* What isn't such text becomes \xNN. To be freed; NULL: no memory. */
char *plain_text(const char *bytes);

#endif
