/*
 * A growing buffer for the text of a configuration.
 */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Initialise to zero. After an allocation failure, no_memory is set and no bytes are added. */
struct config_text {
    char *bytes; /* without NUL; NULL: empty */
    size_t len, room;
    bool no_memory;
};

/* Appends n bytes. */
void config_text_add(struct config_text *text, const char *bytes, size_t n);

/* Frees the memory; the buffer is empty then. */
void config_text_free(struct config_text *text);

#endif
