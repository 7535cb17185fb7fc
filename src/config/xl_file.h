/*
 * xl's configuration file, read and changed in place: what is not changed stays byte for byte
 * (tools/libs/util/libxlu_cfg_l.l and _y.y of Xen 4.17).
 */
#ifndef CONFIG_XL_FILE_H
#define CONFIG_XL_FILE_H

#include "config/text.h"

/* One statement, key = value or key += value: offsets in the text. */
struct xl_setting {
    size_t key, key_len;
    size_t value, end; /* the value ends where the statement does */
    bool list;
};

/* Is there nothing in it that xl could not read? Only then may it be changed. */
bool xl_file_is_sound(const struct config_text *text);

/* The next statement of a sound text from *pos on, which moves behind it. False: there is none. */
bool xl_file_next(const char *text, size_t len, size_t *pos, struct xl_setting *s);

/* The key's statement that counts, the last; false where there is none. */
bool xl_file_find(const struct config_text *text, const char *key, struct xl_setting *s);

/* The value that counts, if it is no list, without quotes; false: none, or longer than buf. */
bool xl_file_value(const struct config_text *text, const char *key, char *buf, size_t size);

/* The same as a number, as xl reads one. */
bool xl_file_number(const struct config_text *text, const char *key, long *n);

/* The next item from *pos on in a list that ends at end: offsets, with its quotes. */
bool xl_file_item(const char *text, size_t end, size_t *pos, size_t *item, size_t *item_end);

/* How changes are made. */
struct xl_change {
    bool keep_old;   /* in comments */
    const char *why; /* one more comment; NULL: none */
};

/* value: as it stands in a file, with quotes or brackets. A key that is not there is added. */
void xl_file_set(struct config_text *text, const char *key, const char *value,
                 const struct xl_change *change);

/* Takes out all statements with this key. */
void xl_file_drop(struct config_text *text, const char *key, const struct xl_change *change);

#endif
