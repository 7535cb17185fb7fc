#include "json_place.h"

#include <stdlib.h>
#include <string.h>

struct scan {
    const char *text;
    size_t len, pos;
};

/* Offsets of a value in the text. */
struct place {
    size_t member; /* start of its key, or of the value in an array */
    size_t value, end;
};

static void skip_space(struct scan *s)
{
    while (s->pos < s->len && s->text[s->pos] && strchr(" \t\r\n", s->text[s->pos]))
        s->pos++;
}

static bool is_at(const struct scan *s, char c)
{
    return s->pos < s->len && s->text[s->pos] == c;
}

static void skip_string(struct scan *s)
{
    for (s->pos++; s->pos < s->len && s->text[s->pos] != '"'; s->pos++)
        s->pos += s->text[s->pos] == '\\';
    if (s->pos < s->len)
        s->pos++;
    else
        s->pos = s->len;
}

/* Skips a value; objects and arrays as a whole. */
static void skip_value(struct scan *s)
{
    size_t depth = 0;

    do {
        skip_space(s);
        if (is_at(s, '"')) {
            skip_string(s);
        } else if (is_at(s, '{') || is_at(s, '[')) {
            depth++;
            s->pos++;
        } else if (is_at(s, '}') || is_at(s, ']')) {
            depth -= depth > 0;
            s->pos++;
        } else if (depth > 0) {
            s->pos++;
        } else {
            while (s->pos < s->len && !strchr(" \t\r\n,]}", s->text[s->pos]))
                s->pos++;
        }
    } while (depth > 0 && s->pos < s->len);
}

/* Compares the key at pos with `key`, and moves to its value. */
static bool match_key(struct scan *s, const char *key)
{
    size_t start = s->pos + 1, n;

    if (!is_at(s, '"'))
        return false;
    skip_string(s);
    n = s->pos - 1 - start;
    skip_space(s);
    s->pos += is_at(s, ':');
    skip_space(s);
    return n == strlen(key) && memcmp(s->text + start, key, n) == 0;
}

static bool match_member(struct scan *s, const char *key, unsigned long *index)
{
    if (*key != '#')
        return match_key(s, key);
    return (*index)++ == strtoul(key + 1, NULL, 10);
}

/* Searches the object or array at pos for the member, and moves to its value. */
static bool find_member(struct scan *s, const char *key, size_t *member)
{
    unsigned long index = 0;

    skip_space(s);
    if (!is_at(s, *key == '#' ? '[' : '{'))
        return false;
    s->pos++;
    skip_space(s);
    while (s->pos < s->len && !is_at(s, '}') && !is_at(s, ']')) {
        size_t before = s->pos;

        *member = s->pos;
        if (match_member(s, key, &index))
            return true;
        skip_value(s);
        skip_space(s);
        s->pos += is_at(s, ',');
        skip_space(s);
        if (s->pos == before)
            return false; /* not JSON: avoid an endless loop */
    }
    return false;
}

static bool find_value(const struct config_text *text, const struct json_path *path,
                       struct place *place)
{
    struct scan s = {.text = text->bytes, .len = text->len};

    skip_space(&s);
    place->member = s.pos;
    for (const char *const *key = path->keys; *key; key++)
        if (!find_member(&s, *key, &place->member))
            return false;
    place->value = s.pos;
    skip_value(&s);
    place->end = s.pos;
    return true;
}

bool json_find(const struct config_text *text, const struct json_path *path, size_t *value,
               size_t *end)
{
    struct place place;

    if (!find_value(text, path, &place))
        return false;
    *value = place.value;
    *end = place.end;
    return true;
}

/* Replaces the bytes from start to end by s. */
static void replace(struct config_text *text, size_t start, size_t end, const char *s)
{
    struct config_text result = {0};

    config_text_add(&result, text->bytes, start);
    config_text_add(&result, s, strlen(s));
    config_text_add(&result, text->bytes + end, text->len - end);
    config_text_free(text);
    *text = result;
}

void json_set(struct config_text *text, const struct json_path *path, const char *value)
{
    struct place place;

    if (find_value(text, path, &place))
        replace(text, place.value, place.end, value);
}

void json_add(struct config_text *text, const struct json_path *object, const char *key,
              const char *value)
{
    struct config_text member = {0};
    struct place place;
    struct scan s;

    if (!find_value(text, object, &place) || text->bytes[place.value] != '{')
        return;
    s = (struct scan){.text = text->bytes, .len = text->len, .pos = place.value + 1};
    skip_space(&s);
    config_text_add(&member, " \"", 2);
    config_text_add(&member, key, strlen(key));
    config_text_add(&member, "\": ", 3);
    config_text_add(&member, value, strlen(value));
    config_text_add(&member, is_at(&s, '}') ? "" : ",", is_at(&s, '}') ? 1 : 2);
    if (member.no_memory)
        text->no_memory = true;
    else
        replace(text, place.value + 1, place.value + 1, member.bytes);
    config_text_free(&member);
}

void json_drop(struct config_text *text, const struct json_path *path)
{
    struct place place;
    struct scan s;
    size_t start;

    if (!find_value(text, path, &place))
        return;
    s = (struct scan){.text = text->bytes, .len = text->len, .pos = place.end};
    skip_space(&s);
    if (is_at(&s, ',')) {
        replace(text, place.member, s.pos + 1, "");
        return;
    }
    for (start = place.member; start > 0 && strchr(" \t\r\n", text->bytes[start - 1]); start--)
        ;
    start -= start > 0 && text->bytes[start - 1] == ',';
    replace(text, start, place.end, "");
}
