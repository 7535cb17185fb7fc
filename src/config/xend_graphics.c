#include <string.h>

#include "xend_parts.h"

enum { TEXT, NUMBER, FLAG };

/* Settings of a display. A vfb and the image of a HVM guest have the same names for them. */
enum { UNUSED, LISTEN, DISPLAY, PASSWORD, OPENGL, X_DISPLAY, XAUTHORITY, KEYMAP, KEYS };
static const struct {
    const char *key;
    int kind;
} keys[KEYS] = {
    [UNUSED] = {"vncunused", FLAG},      [LISTEN] = {"vnclisten", TEXT},
    [DISPLAY] = {"vncdisplay", NUMBER},  [PASSWORD] = {"vncpasswd", TEXT},
    [OPENGL] = {"opengl", FLAG},         [X_DISPLAY] = {"display", TEXT},
    [XAUTHORITY] = {"xauthority", TEXT}, [KEYMAP] = {"keymap", TEXT},
};

struct graphics {
    bool vnc, sdl;
    char value[KEYS][XEND_VALUE_MAX]; /* empty: none */
};

static bool is_on(const char *value)
{
    long long n;

    return xend_parse(value, INT32_MIN, INT32_MAX, &n) && n != 0;
}

static bool is_usable(int kind, const char *value)
{
    long long n;

    return kind == TEXT ? xend_is_option(value)
                        : xend_parse(value, 0, kind == FLAG ? 1 : 65535, &n);
}

static const char *normalise_flag(const char *value)
{
    return strcmp(value, "True") == 0 || strcmp(value, "yes") == 0   ? "1"
           : strcmp(value, "False") == 0 || strcmp(value, "no") == 0 ? "0"
                                                                     : value;
}

/* Stores a value unless gr has one already. Returns false if the value is unusable. */
static bool store_value(struct graphics *gr, size_t i, const char *value)
{
    if (*gr->value[i])
        return true;
    if (!is_usable(keys[i].kind, value))
        return false;
    value = keys[i].kind == TEXT ? value : normalise_flag(value);
    memcpy(gr->value[i], value, strlen(value) + 1);
    return true;
}

/* Reads (vfb (vnc 1) ...), or (vfb (type vnc) ...) up to Xen 3.2. */
static bool read_vfb(struct graphics *gr, struct sexp vfb)
{
    char value[XEND_VALUE_MAX];
    bool ok = true;

    if (xend_child_value(vfb, "type", value)) {
        gr->vnc |= strcmp(value, "vnc") == 0;
        gr->sdl |= strcmp(value, "sdl") == 0;
    }
    gr->vnc |= xend_child_value(vfb, "vnc", value) && is_on(value);
    gr->sdl |= xend_child_value(vfb, "sdl", value) && is_on(value);
    for (size_t i = 0; i < KEYS; i++)
        if (xend_child_value(vfb, keys[i].key, value))
            ok &= store_value(gr, i, value);
    return ok;
}

static void read_image(struct graphics *gr, struct xend_guest *g)
{
    char value[XEND_VALUE_MAX];

    gr->vnc |= xend_value(g, "vnc", value) && is_on(value);
    gr->sdl |= xend_value(g, "sdl", value) && is_on(value);
    for (size_t i = 0; i < KEYS; i++)
        if (xend_value(g, keys[i].key, value) && !store_value(gr, i, value))
            xend_mark_unusable(g, keys[i].key);
}

/* xl accepts a display number in vnclisten or in vncdisplay, but not in both. */
static void resolve_display(struct graphics *gr)
{
    if (strchr(gr->value[LISTEN], ':'))
        *gr->value[DISPLAY] = '\0';
}

static struct sexp next_vfb(struct sexp child, struct sexp *vfb)
{
    static const char *const classes[] = {"vfb", NULL};

    return xend_find_device(child, classes, vfb);
}

/* A HVM guest has these settings for its VGA; a vfb would be an additional device. */
static void put_hvm(struct config_text *t, const struct xend_guest *g, const struct graphics *gr)
{
    bool nographic = xend_number(g, "nographic", 0) != 0;

    xl_put_number(t, "vnc", gr->vnc && !nographic);
    xl_put_number(t, "sdl", gr->sdl && !nographic);
    if (nographic)
        xl_put_number(t, "nographic", 1);
    for (size_t i = 0; i < KEYS; i++) {
        long long n;

        if (!*gr->value[i])
            continue;
        if (keys[i].kind == TEXT)
            xl_put_string(t, keys[i].key, gr->value[i]);
        else if (xend_parse(gr->value[i], 0, 65535, &n))
            xl_put_number(t, keys[i].key, n);
    }
}

static void put_vfb(struct config_text *t, const struct graphics *gr)
{
    xl_item_begin(t);
    xl_put(t, gr->vnc ? "vnc=1" : "vnc=0");
    xl_put(t, gr->sdl ? ",sdl=1" : "");
    for (size_t i = 0; i < KEYS; i++) {
        if (!*gr->value[i])
            continue;
        xl_put(t, ",");
        xl_put(t, keys[i].key);
        xl_put(t, "=");
        xl_put_part(t, gr->value[i]);
    }
    xl_item_end(t);
}

static void put_pv(struct config_text *t, const struct graphics *gr)
{
    if (!gr->vnc && !gr->sdl)
        return;
    xl_list_begin(t, "vfb");
    put_vfb(t, gr);
    xl_list_end(t);
}

/* xend allows one display for a domain. Settings of the vfb override those of the image. */
void xend_put_graphics(struct config_text *t, struct xend_guest *g)
{
    struct graphics gr = {.vnc = false};
    struct sexp vfb, child = next_vfb(sexp_first(g->domain), &vfb);

    if (child.p && !read_vfb(&gr, vfb))
        xend_put_lost(t, g, vfb, "");
    for (child = child.p ? next_vfb(sexp_next(child), &vfb) : child; child.p;
         child = next_vfb(sexp_next(child), &vfb))
        xend_put_lost(t, g, vfb, "");
    read_image(&gr, g);
    resolve_display(&gr);
    if (g->hvm)
        put_hvm(t, g, &gr);
    else
        put_pv(t, &gr);
}
