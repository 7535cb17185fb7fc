#include "xl_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum token {
    END,
    NEWLINE,
    SEPARATOR,
    IDENT,
    NUMBER,
    STRING,
    EQUALS,
    ADDS,
    OPEN,
    CLOSE,
    COMMA,
    WRONG
};

/* Escapes in strings, and what they mean (xlu__cfgl_dequote() in libxlu_cfg.c). */
static const char escapes[] = "\"'\\abfnrtv", meanings[] = "\"'\\\a\b\f\n\r\t\v";

struct lexer {
    const char *text;
    size_t len, pos;
    size_t start; /* of the token */
};

static size_t span(const struct lexer *l, size_t pos, const char *set)
{
    while (pos < l->len && l->text[pos] && strchr(set, l->text[pos]))
        pos++;
    return pos;
}

static bool ends_line(char c)
{
    return c == '\n' || c == '\0'; /* xl holds values as C strings */
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/*
 * Returns the length of the escape at pos, with its backslash; 0 if xl rejects it. xl wants at
 * least two digits after an octal one, takes up to three as decimal, and drops the character.
 */
static size_t escape_length(const char *text, size_t len, size_t pos)
{
    size_t n = 2;

    if (pos + 1 >= len || ends_line(text[pos + 1]))
        return 0;
    if (strchr(escapes, text[pos + 1]))
        return n;
    if (text[pos + 1] < '0' || text[pos + 1] > '7')
        return 0;
    while (n < 5 && pos + n < len && is_digit(text[pos + n]))
        n++;
    return n < 4 ? 0 : n;
}

/* Returns the end of the string that begins at pos; 0 if it is invalid. */
static size_t string_end(const struct lexer *l, size_t pos)
{
    char quote = l->text[pos++];
    size_t n = 1;

    for (; n > 0 && pos < l->len && l->text[pos] != quote && !ends_line(l->text[pos]); pos += n)
        n = l->text[pos] == '\\' ? escape_length(l->text, l->len, pos) : 1;
    return n > 0 && pos < l->len && l->text[pos] == quote ? pos + 1 : 0;
}

static size_t line_end(const struct lexer *l, size_t pos)
{
    const char *newline = memchr(l->text + pos, '\n', l->len - pos);

    return newline ? (size_t)(newline - l->text) : l->len;
}

static enum token next_token(struct lexer *l)
{
    static const char ident[] = "abcdefghijklmnopqrstuvwxyz0123456789_.";
    size_t end;
    char c;

    l->pos = l->start = span(l, l->pos, " \t");
    if (l->pos == l->len)
        return END;
    c = l->text[l->pos];
    if (c == '\n' || (c == '#' && line_end(l, l->pos) < l->len)) {
        l->pos = line_end(l, l->pos) + 1;
        return NEWLINE;
    }
    if (c >= 'a' && c <= 'z') {
        l->pos = span(l, l->pos, ident);
        return IDENT;
    }
    if (c >= '0' && c <= '9') {
        l->pos = span(l, l->pos, "0123456789abcdefx");
        return NUMBER;
    }
    if ((c == '"' || c == '\'') && (end = string_end(l, l->pos)) != 0) {
        l->pos = end;
        return STRING;
    }
    l->pos++;
    if (c == '+' && l->pos < l->len && l->text[l->pos] == '=') {
        l->pos++;
        return ADDS;
    }
    return c == '='   ? EQUALS
           : c == ';' ? SEPARATOR
           : c == '[' ? OPEN
           : c == ']' ? CLOSE
           : c == ',' ? COMMA
           /* xl ignores one wrong character at the very end. */
           : l->pos == l->len ? END
                              : WRONG;
}

/* Reads the rest of a list after "[". Lists may be nested; a comma may follow the last value. */
static bool read_list(struct lexer *l)
{
    bool after_value = false;
    size_t depth = 1;

    while (depth > 0) {
        enum token token = next_token(l);

        if (token == NEWLINE)
            continue;
        if (token == CLOSE)
            depth--;
        else if (token == COMMA
                     ? !after_value
                     : after_value || (token != OPEN && token != STRING && token != NUMBER))
            return false;
        depth += token == OPEN;
        after_value = token == CLOSE || token == STRING || token == NUMBER;
    }
    return true;
}

static bool read_statement(struct lexer *l, struct xl_setting *s)
{
    enum token token;

    s->key_len = l->pos - l->start;
    token = next_token(l);
    s->add = token == ADDS;
    if (token != EQUALS && token != ADDS)
        return false;
    token = next_token(l);
    s->value = l->start;
    s->list = token == OPEN;
    if (token != STRING && token != NUMBER && (token != OPEN || !read_list(l)))
        return false;
    s->end = l->pos;
    return true;
}

/* Reads a statement, which ends at the end of the line or at a semicolon. */
static enum xl_result next_statement(struct lexer *l, struct xl_setting *s)
{
    enum token token;

    do
        token = next_token(l);
    while (token == NEWLINE || token == SEPARATOR);
    s->key = l->start;
    if (token == END)
        return XL_END;
    if (token != IDENT || !read_statement(l, s))
        return XL_INVALID;
    token = next_token(l);
    return token == NEWLINE || token == SEPARATOR || token == END ? XL_STATEMENT : XL_INVALID;
}

enum xl_result xl_file_next(const char *text, size_t len, size_t *pos, struct xl_setting *s)
{
    struct lexer l = {.text = text, .len = len, .pos = *pos};
    enum xl_result result = next_statement(&l, s);

    *pos = result == XL_INVALID ? line_end(&l, s->key) : l.pos;
    return result;
}

bool xl_file_is_valid(const struct config_text *text)
{
    enum xl_result result;
    struct xl_setting s;
    size_t pos = 0;

    do
        result = xl_file_next(text->bytes, text->len, &pos, &s);
    while (result == XL_STATEMENT);
    return result == XL_END;
}

bool xl_file_has_key(const char *text, const struct xl_setting *s, const char *key)
{
    return strlen(key) == s->key_len && memcmp(text + s->key, key, s->key_len) == 0;
}

bool xl_file_find_next(const struct config_text *text, const char *key, size_t *pos,
                       struct xl_setting *s)
{
    enum xl_result result;

    do
        result = xl_file_next(text->bytes, text->len, pos, s);
    while (result == XL_STATEMENT && !xl_file_has_key(text->bytes, s, key));
    return result == XL_STATEMENT;
}

bool xl_file_find(const struct config_text *text, const char *key, struct xl_setting *s)
{
    struct xl_setting each;
    bool result = false;

    for (size_t pos = 0; xl_file_find_next(text, key, &pos, &each); result = true)
        *s = each;
    return result;
}

bool xl_file_copy(const char *text, size_t pos, size_t end, char *buf, size_t size)
{
    size_t used = 0;

    if (text[pos] == '"' || text[pos] == '\'') {
        pos++;
        end--;
    }
    while (pos < end && used + 1 < size) {
        size_t n = text[pos] == '\\' ? escape_length(text, end, pos) : 1;

        if (n == 1)
            buf[used++] = text[pos];
        else if (n == 2)
            buf[used++] = meanings[strchr(escapes, text[pos + 1]) - escapes];
        pos += n;
    }
    buf[used] = '\0';
    return pos == end;
}

bool xl_file_value(const struct config_text *text, const char *key, char *buf, size_t size)
{
    struct xl_setting s;

    *buf = '\0';
    return xl_file_find(text, key, &s) && !s.list && !s.add &&
           xl_file_copy(text->bytes, s.value, s.end, buf, size);
}

bool xl_parse_number(const char *value, long *n)
{
    char *end;

    errno = 0;
    *n = strtol(value, &end, 0);
    return errno == 0 && end != value && *end == '\0';
}

bool xl_file_number(const struct config_text *text, const char *key, long *n)
{
    char value[64];

    return xl_file_value(text, key, value, sizeof(value)) && xl_parse_number(value, n);
}

bool xl_file_item(const char *text, size_t end, size_t *pos, size_t *item, size_t *item_end)
{
    struct lexer l = {.text = text, .len = end, .pos = *pos};
    enum token token;

    while ((token = next_token(&l)) != END) {
        if (token != STRING && token != NUMBER)
            continue;
        *item = l.start;
        *item_end = *pos = l.pos;
        return true;
    }
    return false;
}

static void add(struct config_text *text, const char *s)
{
    config_text_add(text, s, strlen(s));
}

/* Adds each line of old as a comment. */
static void add_comment(struct config_text *text, const char *old, size_t len)
{
    while (len > 0) {
        const char *newline = memchr(old, '\n', len);
        size_t n = newline ? (size_t)(newline - old) : len;

        add(text, "# ");
        config_text_add(text, old, n);
        add(text, "\n");
        n += newline != NULL;
        old += n;
        len -= n;
    }
}

static void begin_line(struct config_text *text)
{
    size_t len = text->len;

    while (len > 0 && (text->bytes[len - 1] == ' ' || text->bytes[len - 1] == '\t'))
        len--;
    if (len > 0 && text->bytes[len - 1] != '\n')
        add(text, "\n");
}

static void add_why(struct config_text *text, const char *why)
{
    if (why) {
        add(text, "# ");
        add(text, why);
        add(text, "\n");
    }
}

static void add_setting(struct config_text *text, const char *key, bool adds, const char *value)
{
    add(text, key);
    add(text, adds ? " += " : " = ");
    add(text, value);
}

/* Adds what replaces the statement s: comments if requested, and the setting unless value is NULL.
 */
static void replace(struct config_text *to, const struct config_text *from,
                    const struct xl_setting *s, const char *key, bool adds, const char *value,
                    const struct xl_change *change)
{
    if (change->keep_old) {
        begin_line(to);
        add_why(to, change->why);
        add_comment(to, from->bytes + s->key, s->end - s->key);
    }
    if (value)
        add_setting(to, key, adds, value);
}

static void move_text(struct config_text *to, struct config_text *from)
{
    config_text_free(to);
    *to = *from;
}

void xl_file_set(struct config_text *text, const char *key, const char *value,
                 const struct xl_change *change)
{
    struct config_text result = {0};
    struct xl_setting s;

    if (!xl_file_find(text, key, &s)) {
        begin_line(text);
        if (change->keep_old)
            add_why(text, change->why);
        add_setting(text, key, false, value);
        add(text, "\n");
        return;
    }
    config_text_add(&result, text->bytes, s.key);
    replace(&result, text, &s, key, false, value, change);
    config_text_add(&result, text->bytes + s.end, text->len - s.end);
    move_text(text, &result);
}

void xl_file_edit(struct config_text *text, const char *key, xl_edit *edit, void *ctx,
                  const struct xl_change *change)
{
    struct config_text result = {0};
    size_t pos = 0, taken = 0;
    struct xl_setting s;

    while (xl_file_find_next(text, key, &pos, &s)) {
        struct config_text value = {0};

        if (edit(ctx, text->bytes, &s, &value) && !value.no_memory) {
            config_text_add(&result, text->bytes + taken, s.key - taken);
            replace(&result, text, &s, key, s.add, value.bytes, change);
            taken = s.end;
        }
        result.no_memory |= value.no_memory;
        config_text_free(&value);
    }
    config_text_add(&result, text->bytes + taken, text->len - taken);
    move_text(text, &result);
}

static bool drop(void *ctx, const char *text, const struct xl_setting *s, struct config_text *value)
{
    (void)ctx, (void)text, (void)s, (void)value;
    return true;
}

void xl_file_drop(struct config_text *text, const char *key, const struct xl_change *change)
{
    xl_file_edit(text, key, drop, NULL, change);
}
