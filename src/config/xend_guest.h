/*
 * xend's s-expression of a domain, with its settings indexed by the table of xend_settings.c
 * (tools/python/xen/xend/XendConfig.py and image.py of Xen 3.0 to 4.4).
 */
#ifndef CONFIG_XEND_GUEST_H
#define CONFIG_XEND_GUEST_H

#include "base/image.h"
#include "envelope/sexp.h"
#include "xl_text.h"

#define XEND_VALUE_MAX    1024
#define XEND_SETTINGS_MAX 128

enum xend_guests { XEND_PV = 1, XEND_HVM = 2, XEND_ANY = 3 };

/* How a setting is converted. */
enum xend_kind {
    XEND_TEXT,   /* to xl's key, with the same value */
    XEND_NUMBER, /* to xl's key, a number >= 0 */
    XEND_SIGNED, /* to xl's key, a number */
    XEND_FLAG,   /* to xl's key, 0 or 1 */
    XEND_ACTION, /* to xl's key, an action after a shutdown */
    XEND_USED,   /* by other code */
    XEND_STATE,  /* not at all: state of the domain or of xend, not configuration */
    XEND_NONE,   /* not at all: xl has no equivalent */
};

struct xend_setting {
    const char *xend;
    enum xend_kind kind;
    enum xend_guests guests; /* guest types that use it */
    const char *xl;
    const char *absent;  /* xend's default, if xl has another; NULL: the same */
    const char *omitted; /* a value that need not be written, since it is xl's default */
};

extern const struct xend_setting xend_settings[];
extern const size_t xend_setting_count;

struct xend_guest {
    struct sexp domain, image; /* image: (linux ...) or (hvm ...); p NULL: none */
    bool hvm;
    struct sexp items[XEND_SETTINGS_MAX]; /* by row: the item, such as (acpi 1) */
    bool unusable[XEND_SETTINGS_MAX];     /* by row: xl would reject the value */
    unsigned long vcpus;
    unsigned lost; /* number of settings that were not converted */
};

/* Initialises g and finds all settings. guest: of the stream; GUEST_UNKNOWN: as of the image. */
void xend_guest_read(struct xend_guest *g, struct sexp domain, enum guest_type guest);

/* The row of a setting in the table; XEND_SETTINGS_MAX: it has none. */
size_t xend_row(const char *key);

/*
 * Copies the atom after the key of the item to buf (XEND_VALUE_MAX bytes). Returns false if there
 * is none, or if it is empty or Python's None.
 */
bool xend_item_value(struct sexp item, char *buf);

/* The same for a child of a list (sexp_child()), and for a setting. */
bool xend_child_value(struct sexp list, const char *key, char *buf);
bool xend_value(const struct xend_guest *g, const char *key, char *buf);

/* Parses a number from min to max; True, yes, False and no count as 1 and 0. */
bool xend_parse(const char *value, long long min, long long max, long long *n);

/* The value of a setting as a number; `otherwise` if it is missing or not a number. */
long long xend_number(const struct xend_guest *g, const char *key, long long otherwise);

/* Marks a setting whose value xl would reject; xend_put_rest() lists it as lost. */
void xend_mark_unusable(struct xend_guest *g, const char *key);

/* Finds the next (device (CLASS ...)) of these classes, from child on; *device is (CLASS ...). */
struct sexp xend_find_device(struct sexp child, const char *const *classes, struct sexp *device);

/* May value be an option of a device: is it not empty and without commas? */
bool xend_is_option(const char *value);

/* Writes a comment line with a lost setting or device, and counts it. */
void xend_put_lost(struct config_text *t, struct xend_guest *g, struct sexp s, const char *indent);

#endif
