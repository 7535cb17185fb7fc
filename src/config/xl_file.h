/*
 * Parses and changes xl's configuration text; bytes that are not changed stay. Syntax: the parser
 * tools/libs/util/libxlu_cfg_l.l and libxlu_cfg_y.y of Xen 4.17.
 */
#ifndef CONFIG_XL_FILE_H
#define CONFIG_XL_FILE_H

#include "config/text.h"

/* A statement, key = value or key += value: offsets in the text. */
struct xl_setting {
    size_t key, key_len;
    size_t value, end; /* end of the value and the statement */
    bool list;
    bool add; /* +=: xl appends to a list or string; for a number, it is an error */
};

/* Can xl parse the text? The other functions require that, except xl_file_next(). */
bool xl_file_is_valid(const struct config_text *text);

enum xl_result { XL_END, XL_STATEMENT, XL_INVALID };

/*
 * Reads the next statement from *pos and advances *pos over it; over its first line if it is
 * invalid. s->key is where it begins.
 */
enum xl_result xl_file_next(const char *text, size_t len, size_t *pos, struct xl_setting *s);

/* Is this the key of the statement? */
bool xl_file_has_key(const char *text, const struct xl_setting *s, const char *key);

/* Finds the next statement with this key from *pos, and advances *pos over it. */
bool xl_file_find_next(const struct config_text *text, const char *key, size_t *pos,
                       struct xl_setting *s);

/* Finds the last statement with this key, which is the one that xl uses. */
bool xl_file_find(const struct config_text *text, const char *key, struct xl_setting *s);

/* Copies a token without quotes and escapes, truncated to size. Returns false if truncated. */
bool xl_file_copy(const char *text, size_t pos, size_t end, char *buf, size_t size);

/* Copies its value without quotes. Returns false if there is none, it is a list, += or too long. */
bool xl_file_value(const struct config_text *text, const char *key, char *buf, size_t size);

/* Parses a value without quotes as a number, like xl (strtol() with base 0). */
bool xl_parse_number(const char *value, long *n);

/* Parses its value as a number. */
bool xl_file_number(const struct config_text *text, const char *key, long *n);

/*
 * Finds the next item of a list from *pos, and advances *pos over it. end: of the list; *item and
 * *item_end: offsets of the item with its quotes.
 */
bool xl_file_item(const char *text, size_t end, size_t *pos, size_t *item, size_t *item_end);

/* How changes are made. */
struct xl_change {
    bool keep_old;   /* keep the old statement as a comment */
    const char *why; /* if keep_old: the reason, as another comment; NULL: none */
};

/* Sets or adds a key. value: text as in a file, with quotes or brackets. */
void xl_file_set(struct config_text *text, const char *key, const char *value,
                 const struct xl_change *change);

/* Writes the new value of a statement, with a NUL, or nothing to remove it. False: no change. */
typedef bool xl_edit(void *ctx, const char *text, const struct xl_setting *s,
                     struct config_text *value);

/* Changes the statements with this key, one after the other. */
void xl_file_edit(struct config_text *text, const char *key, xl_edit *edit, void *ctx,
                  const struct xl_change *change);

/* Removes all statements with this key. */
void xl_file_drop(struct config_text *text, const char *key, const struct xl_change *change);

#endif
