#include "xend_guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

size_t xend_row(const char *key)
{
    for (size_t i = 0; i < xend_setting_count; i++)
        if (xend_settings[i].xend[0] == key[0] && strcmp(xend_settings[i].xend, key) == 0)
            return i;
    return XEND_SETTINGS_MAX;
}

/* The row of an item such as (acpi 1); XEND_SETTINGS_MAX: unknown setting. */
static size_t row_of(struct sexp item)
{
    char key[64];

    if (!sexp_atom(sexp_first(item), key, sizeof(key)))
        return XEND_SETTINGS_MAX;
    return xend_row(key);
}

/* Finds the settings in a list. If there are several of a key, the first is used, as by xend. */
static void read_list(struct xend_guest *g, struct sexp list)
{
    struct sexp item = sexp_next(sexp_first(list));

    for (; item.p; item = sexp_next(item)) {
        size_t row = row_of(item);

        if (row < XEND_SETTINGS_MAX && !g->items[row].p)
            g->items[row] = item;
    }
}

/* Settings of the domain override those of its image. */
void xend_guest_read(struct xend_guest *g, struct sexp domain, enum guest_type guest)
{
    *g = (struct xend_guest){.domain = domain};
    read_list(g, domain);
    g->image = sexp_next(sexp_first(g->items[xend_row("image")]));
    if (!sexp_is_list(g->image))
        g->image.p = NULL;
    else
        read_list(g, g->image);
    g->hvm = guest == GUEST_UNKNOWN
                 ? sexp_is(sexp_first(g->image), "hvm") || sexp_is(sexp_first(g->image), "vmx")
                 : guest == GUEST_HVM;
}

bool xend_item_value(struct sexp item, char *buf)
{
    if (!sexp_atom(sexp_next(sexp_first(item)), buf, XEND_VALUE_MAX) || strcmp(buf, "None") == 0)
        *buf = '\0';
    return *buf != '\0';
}

bool xend_child_value(struct sexp list, const char *key, char *buf)
{
    *buf = '\0';
    return xend_item_value(sexp_child(list, key), buf);
}

bool xend_value(const struct xend_guest *g, const char *key, char *buf)
{
    *buf = '\0';
    return xend_item_value(g->items[xend_row(key)], buf);
}

bool xend_parse(const char *value, long long min, long long max, long long *n)
{
    long long parsed;
    char *end;

    errno = 0;
    parsed = strtoll(value, &end, 10);
    if (strcmp(value, "True") == 0 || strcmp(value, "yes") == 0)
        parsed = 1;
    else if (strcmp(value, "False") == 0 || strcmp(value, "no") == 0)
        parsed = 0;
    else if (errno != 0 || *end != '\0' || end == value || !strchr("-0123456789", *value))
        return false;
    if (parsed < min || parsed > max)
        return false;
    *n = parsed;
    return true;
}

long long xend_number(const struct xend_guest *g, const char *key, long long otherwise)
{
    char value[XEND_VALUE_MAX];
    long long n;

    return xend_value(g, key, value) && xend_parse(value, INT32_MIN, UINT32_MAX, &n) ? n
                                                                                     : otherwise;
}

void xend_mark_unusable(struct xend_guest *g, const char *key)
{
    g->unusable[xend_row(key)] = true;
}

void xend_put_lost(struct config_text *t, struct xend_guest *g, struct sexp s, const char *indent)
{
    g->lost++;
    xl_put(t, indent);
    xl_put(t, "# no xl equivalent: ");
    xl_put_comment(t, s.p, sexp_length(s));
    xl_put(t, "\n");
}

bool xend_is_option(const char *value)
{
    return *value && !strchr(value, ',');
}

struct sexp xend_find_device(struct sexp child, const char *const *classes, struct sexp *device)
{
    for (; child.p; child = sexp_next(child)) {
        struct sexp key = sexp_first(child);

        *device = sexp_next(key);
        if (!sexp_is(key, "device"))
            continue;
        for (const char *const *class = classes; *class; class ++)
            if (sexp_is(sexp_first(*device), *class))
                return child;
    }
    return child;
}
