#include "envelope/sexp.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

/* May xend write c without quotes? */
static bool is_bare(char c)
{
    return c > ' ' && c <= '~' && c != '(' && c != ')' && !is_quote(c) && c != '\\';
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && is_space(*p))
        p++;
    return p;
}

/* Returns the end of the atom that begins at p. An unclosed quote extends to end. */
static const char *skip_atom(const char *p, const char *end)
{
    char quote = *p;

    if (!is_quote(quote)) {
        while (p < end && is_bare(*p))
            p++;
        return p;
    }
    for (p++; p < end && *p != quote; p++)
        if (*p == '\\' && p + 1 < end)
            p++;
    return p < end ? p + 1 : end;
}

/* Returns the end of the list or atom that begins at p. */
static const char *skip(const char *p, const char *end)
{
    size_t depth = 0;

    do {
        if (*p == '(' || *p == ')') {
            depth += *p == '(' ? 1 : (size_t)-1;
            p++;
        } else {
            p = skip_atom(p, end);
        }
        if (depth > 0)
            p = skip_space(p, end);
    } while (depth > 0);
    return p;
}

static bool is_closed(const char *atom, const char *end)
{
    const char *p = atom + 1;

    if (!is_quote(*atom))
        return true;
    while (p < end && *p != *atom)
        p += *p == '\\' ? 2 : 1;
    return p == end - 1;
}

/* Advances *p over a parenthesis or an atom. Returns the error, or NULL. */
static const char *check_step(const char **p, const char *end, size_t *depth)
{
    const char *start = *p;

    if (*start == '(') {
        ++*p;
        return ++*depth > SEXP_DEPTH_MAX ? "lists are nested too deeply" : NULL;
    }
    if (*start == ')') {
        ++*p;
        --*depth;
        return NULL;
    }
    if (!is_quote(*start) && !is_bare(*start))
        return "invalid byte in an atom";
    *p = skip_atom(start, end);
    return is_closed(start, *p) ? NULL : "unterminated quoted string";
}

const char *sexp_check(const char *text, size_t len, size_t *where)
{
    const char *p = text, *end = text + len, *wrong = NULL;
    size_t depth = 0;

    *where = 0;
    if (len == 0 || *text != '(')
        return "not a list";
    do {
        *where = (size_t)(p - text);
        wrong = check_step(&p, end, &depth);
        if (wrong)
            return wrong;
        p = skip_space(p, end);
    } while (depth > 0 && p < end);
    *where = (size_t)(p - text);
    if (depth > 0)
        return "unterminated list";
    return p < end ? "data after the last parenthesis" : NULL;
}

bool sexp_is_list(struct sexp s)
{
    return s.p && *s.p == '(';
}

static struct sexp at(const char *p, const char *end)
{
    p = skip_space(p, end);
    return p < end && *p != ')' ? (struct sexp){p, end} : (struct sexp){NULL, end};
}

struct sexp sexp_first(struct sexp list)
{
    return sexp_is_list(list) ? at(list.p + 1, list.end) : (struct sexp){NULL, list.end};
}

struct sexp sexp_next(struct sexp child)
{
    return child.p ? at(skip(child.p, child.end), child.end) : child;
}

size_t sexp_length(struct sexp s)
{
    return (size_t)(skip(s.p, s.end) - s.p);
}

/* Parses up to max digits and advances *p over them. */
static char parse_digits(const char **p, const char *end, int base, int max)
{
    static const char digits[] = "0123456789abcdef";
    unsigned value = 0;

    for (int i = 0; i < max && *p < end; i++, ++*p) {
        const char *digit =
            memchr(digits, **p >= 'A' && **p <= 'F' ? **p - 'A' + 'a' : **p, (size_t)base);

        if (!digit)
            break;
        value = value * (unsigned)base + (unsigned)(digit - digits);
    }
    return (char)value;
}

/* Returns the byte of the escape sequence whose backslash precedes *p, and advances *p over it. */
static char unescape(const char **p, const char *end)
{
    static const char letters[] = "abfnrtv", bytes[] = "\a\b\f\n\r\t\v";
    const char *letter = strchr(letters, **p);

    if (**p >= '0' && **p <= '7')
        return parse_digits(p, end, 8, 3);
    if (*(*p)++ == 'x')
        return parse_digits(p, end, 16, 2);
    return letter && *letter ? bytes[letter - letters] : (*p)[-1];
}

bool sexp_atom(struct sexp s, char *buf, size_t size)
{
    const char *p = s.p, *end;
    size_t used = 0;

    buf[0] = '\0';
    if (!p || sexp_is_list(s))
        return false;
    end = skip_atom(p, s.end);
    if (is_quote(*p)) {
        p++;
        end--;
    }
    while (p < end && used < size - 1) {
        char c = *p++;

        if (c == '\\')
            c = unescape(&p, end);
        if (c == '\0')
            used = size; /* a C string cannot hold it: fail */
        else
            buf[used++] = c;
    }
    buf[p == end && used < size ? used : 0] = '\0';
    return p == end && used < size;
}

bool sexp_is(struct sexp s, const char *value)
{
    char buf[64];

    return sexp_atom(s, buf, sizeof(buf)) && strcmp(buf, value) == 0;
}

struct sexp sexp_child(struct sexp list, const char *key)
{
    struct sexp child = sexp_first(list);

    while (child.p && !(sexp_is_list(child) && sexp_is(sexp_first(child), key)))
        child = sexp_next(child);
    return child;
}

bool sexp_value(struct sexp list, const char *key, char *buf, size_t size)
{
    return sexp_atom(sexp_next(sexp_first(sexp_child(list, key))), buf, size);
}
