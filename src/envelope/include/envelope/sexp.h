/*
 * S-expressions as xend writes them (tools/python/xen/xend/sxp.py of Xen 4.4, to_string): lists in
 * parentheses, atoms bare or in quotes. After one check by sexp_check() no other function can fail.
 * They work on the text itself; no tree is built.
 */
#ifndef ENVELOPE_SEXP_H
#define ENVELOPE_SEXP_H

#include <stdbool.h>
#include <stddef.h>

/* Real configurations have 6 levels. */
#define SEXP_DEPTH_MAX 64

/* A list or an atom. */
struct sexp {
    const char *p;   /* its first byte; NULL: none */
    const char *end; /* of the whole text, not of this list or atom */
};

/*
 * Checks that the text is one list, followed by white space only. Returns NULL if so; else the
 * error, as part of a message, and *where is its offset.
 */
const char *sexp_check(const char *text, size_t len, size_t *where);

/* Is it a list? False for an atom and for none. */
bool sexp_is_list(struct sexp s);

/* The first child of a list; none for an atom. */
struct sexp sexp_first(struct sexp list);

/* The child after this one; none if child is the last one or none. */
struct sexp sexp_next(struct sexp child);

/* Its length in the text, in bytes. s must not be none. */
size_t sexp_length(struct sexp s);

/*
 * Copies the value of an atom to buf, with escapes resolved and a NUL at the end. Returns false,
 * with buf empty, if s is not an atom, does not fit or contains a NUL.
 */
bool sexp_atom(struct sexp s, char *buf, size_t size);

/* Is it an atom with this value (at most 63 bytes)? */
bool sexp_is(struct sexp s, const char *value);

/* The first child of the list that is a list whose first child is the atom key; or none. */
struct sexp sexp_child(struct sexp list, const char *key);

/* Like sexp_atom(), for the child after the key in sexp_child(list, key). */
bool sexp_value(struct sexp list, const char *key, char *buf, size_t size);

#endif
