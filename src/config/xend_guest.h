/*
 * xend's s-expression of a domain, its settings found in one walk (tools/python/xen/xend/
 * XendConfig.py and image.py of Xen 3.0 to 4.4).
 */
#ifndef CONFIG_XEND_GUEST_H
#define CONFIG_XEND_GUEST_H

#include "base/image.h"
#include "envelope/sexp.h"
#include "xl_text.h"

#define XEND_VALUE_MAX    1024
#define XEND_SETTINGS_MAX 128

enum xend_guests { XEND_PV = 1, XEND_HVM = 2, XEND_ANY = 3 };

/* What becomes of a setting. */
enum xend_kind {
    XEND_TEXT,   /* xl's key, the value as it is */
    XEND_NUMBER, /* xl's key, a number */
    XEND_SIGNED, /* one that may be negative */
    XEND_FLAG,   /* xl's key, 0 or 1 */
    XEND_ACTION, /* xl's key, what to do after a shutdown */
    XEND_USED,   /* by code of its own */
    XEND_STATE,  /* of the domain or of xend: nothing that a configuration has */
    XEND_NONE,   /* without an equivalent */
};

struct xend_setting {
    const char *xend;
    enum xend_kind kind;
    enum xend_guests guests; /* that it has an effect on */
    const char *xl;
    const char *absent;  /* what xend did without it, where that is not what xl does */
    const char *omitted; /* the value that is as good as no setting */
};

extern const struct xend_setting xend_settings[];
extern const size_t xend_setting_count;

struct xend_guest {
    struct sexp domain, image; /* image: (linux ...) or (hvm ...); p NULL: none */
    bool hvm;
    /* By the table's index: the item with the setting, such as (acpi 1); and was it of no use? */
    struct sexp items[XEND_SETTINGS_MAX];
    bool unusable[XEND_SETTINGS_MAX];
    unsigned long vcpus;
    unsigned lost;
};

void xend_guest_read(struct xend_guest *g, struct sexp domain, enum guest_type guest);

/* The row of a setting; XEND_SETTINGS_MAX where the table does not have it. */
size_t xend_row(const char *key);

/*
 * The atom behind the key in the item; false where there is none, or it is empty or Python's None.
 * buf: XEND_VALUE_MAX bytes.
 */
bool xend_item_value(struct sexp item, char *buf);

/* That of a list's child (sexp_child()), and that of a setting. */
bool xend_child_value(struct sexp list, const char *key, char *buf);
bool xend_value(const struct xend_guest *g, const char *key, char *buf);

/* A number, also Python's True and False and yes and no; false where it is none, or out of range.
 */
bool xend_parse(const char *value, long long min, long long max, long long *n);

/* The setting's value as a number, or otherwise. */
long long xend_number(const struct xend_guest *g, const char *key, long long otherwise);

/* A setting that is there cannot be used: it will be among the lost ones. */
void xend_unusable(struct xend_guest *g, const char *key);

/* From child on, the next (device (CLASS ...)) of these classes; *device is (CLASS ...). */
struct sexp xend_find_device(struct sexp child, const char *const *classes, struct sexp *device);

/* A value that may stand between the commas of a device's options. */
bool xend_is_option(const char *value);

/* A comment line of what is lost, counted. */
void xend_put_lost(struct config_text *t, struct xend_guest *g, struct sexp s, const char *indent);

#endif
