/*
 * A configuration in memory, as it grows.
 */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Begins with all zero. Takes bytes until there is no memory for them, and none after that. */
struct config_text {
    char *bytes; /* NULL: none yet */
    size_t len, room;
    bool no_memory;
};

void config_text_add(struct config_text *text, const char *bytes, size_t n);
void config_text_free(struct config_text *text);

#endif
