/*
 * Comments: settings and devices that were not converted, and xend's original configuration.
 */
#include <string.h>

#include "xend_parts.h"

/* Is the value empty or a default, so that nothing is lost? */
static bool is_default(struct sexp item, const struct xend_setting *row)
{
    struct sexp value = sexp_next(sexp_first(item));
    char text[XEND_VALUE_MAX];

    if (sexp_is_list(value))
        return !sexp_first(value).p;
    return !value.p || (sexp_atom(value, text, sizeof(text)) &&
                        (*text == '\0' || strcmp(text, "None") == 0 ||
                         (row && row->omitted && strcmp(text, row->omitted) == 0)));
}

static void put_lost_item(struct config_text *t, struct xend_guest *g, struct sexp item)
{
    const struct xend_setting *row = NULL;
    char key[64];
    size_t i = xend_setting_count;

    if (sexp_atom(sexp_first(item), key, sizeof(key)) && strcmp(key, "device") == 0)
        return;
    if (*key)
        i = xend_row(key);
    if (i < xend_setting_count) {
        row = &xend_settings[i];
        if (!g->unusable[i] && row->kind != XEND_NONE)
            return;
        if (!(row->guests & (g->hvm ? XEND_HVM : XEND_PV)))
            return;
    }
    if (!is_default(item, row))
        xend_put_lost(t, g, item, "");
}

static void put_lost_items(struct config_text *t, struct xend_guest *g)
{
    struct sexp item = sexp_next(sexp_first(g->domain));

    for (; item.p; item = sexp_next(item))
        put_lost_item(t, g, item);
    for (item = sexp_next(sexp_first(g->image)); item.p; item = sexp_next(item))
        put_lost_item(t, g, item);
}

static bool is_one_of(struct sexp atom, const char *const *names)
{
    for (; *names; names++)
        if (sexp_is(atom, *names))
            return true;
    return false;
}

/* Lists devices of unknown classes. xl adds consoles and keyboards itself. */
static void put_lost_devices(struct config_text *t, struct xend_guest *g)
{
    static const char *const known[] = {"vbd",  "tap", "tap2",    "vif", "vfb",
                                        "vkbd", "pci", "console", NULL};
    struct sexp item = sexp_next(sexp_first(g->domain));

    for (; item.p; item = sexp_next(item)) {
        struct sexp device = sexp_next(sexp_first(item));

        if (sexp_is(sexp_first(item), "device") && device.p &&
            !is_one_of(sexp_first(device), known))
            xend_put_lost(t, g, device, "");
    }
}

/* Writes the whole configuration as comments, a line for each item. */
static void put_original(struct config_text *t, struct sexp domain)
{
    struct sexp item = sexp_next(sexp_first(domain));

    xl_put(t, "\n# xend's configuration:\n");
    for (; item.p; item = sexp_next(item)) {
        xl_put(t, "# ");
        xl_put_comment(t, item.p, sexp_length(item));
        xl_put(t, "\n");
    }
}

void xend_put_rest(struct config_text *t, struct xend_guest *g)
{
    put_lost_items(t, g);
    put_lost_devices(t, g);
    put_original(t, g->domain);
}
