/*
 * S-expressions as xend wrote them (tools/python/xen/xend/sxp.py of Xen 4.4, to_string): lists in
 * parentheses, atoms bare or in quotes. The text is checked once; after that nothing can fail, and
 * a list is walked in the text itself, without a tree in memory.
 */
#ifndef ENVELOPE_SEXP_H
#define ENVELOPE_SEXP_H

#include <stdbool.h>
#include <stddef.h>

/* An honest config has 6 levels. */
#define SEXP_DEPTH_MAX 64

/* A list or an atom: the text from its first byte on. p NULL: none. */
struct sexp {
    const char *p, *end; /* end: of the whole text */
};

/*
 * Is the text one list, with nothing but white space behind it? Else *where becomes the offset of
 * what is wrong, and the result says what that is; NULL where all is well.
 */
const char *sexp_check(const char *text, size_t len, size_t *where);

bool sexp_is_list(struct sexp s);

/* The first child of a list (none of an atom), and the one behind a child (none behind none). */
struct sexp sexp_first(struct sexp list);
struct sexp sexp_next(struct sexp child);

/* Bytes of the text that it takes. */
size_t sexp_length(struct sexp s);

/*
 * The value of an atom, its escapes resolved: at most size - 1 bytes, NUL behind them. Returns
 * false where it is no atom, doesn't fit or has a NUL in it; buf is empty then.
 */
bool sexp_atom(struct sexp s, char *buf, size_t size);

/* Is it an atom of this value? */
bool sexp_is(struct sexp s, const char *value);

/* The first child of the list that is itself a list beginning with the atom key. */
struct sexp sexp_child(struct sexp list, const char *key);

/* As sexp_atom() for what stands behind the key in sexp_child(list, key). */
bool sexp_value(struct sexp list, const char *key, char *buf, size_t size);

#endif
