#include "config/text.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ALLOCATION 4096

static bool make_room(struct config_text *text, size_t n)
{
    size_t room = text->room ? text->room : FIRST_ALLOCATION;
    char *bytes;

    while (room - text->len < n)
        room *= 2;
    if (room == text->room)
        return true;
    bytes = realloc(text->bytes, room);
    if (!bytes)
        return false;
    text->bytes = bytes;
    text->room = room;
    return true;
}

void config_text_add(struct config_text *text, const char *bytes, size_t n)
{
    if (n == 0)
        return;
    if (text->no_memory || !make_room(text, n)) {
        text->no_memory = true;
        return;
    }
    memcpy(text->bytes + text->len, bytes, n);
    text->len += n;
}

void config_text_free(struct config_text *text)
{
    free(text->bytes);
    *text = (struct config_text){0};
}
