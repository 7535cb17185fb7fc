#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xend_parts.h"

static bool is_mac(const char *s)
{
    static const char hex[] = "0123456789abcdefABCDEF";

    for (int i = 0; i < 6; i++) {
        size_t n = strspn(s, hex);

        if (n < 1 || n > 2 || s[n] != (i < 5 ? ':' : '\0'))
            return false;
        s += n + 1;
    }
    return true;
}

/* Parses a number from 1 to 2^32 - 1 and advances *s over it. */
static bool parse_count(const char **s, uint64_t *n)
{
    char *end;

    if (strspn(*s, "0123456789") == 0 || strspn(*s, "0123456789") > 10 || **s == '0')
        return false;
    *n = strtoull(*s, &end, 10);
    *s = end;
    return *n >= 1 && *n <= UINT32_MAX;
}

/* Is s a rate in xl's syntax: 10Mb/s, 250KB/s@20ms (libxlu_vif.c of Xen 4.17)? */
static bool is_rate(const char *s)
{
    uint64_t n;

    if (!parse_count(&s, &n))
        return false;
    s += *s && strchr("GMK", *s) ? 1 : 0;
    if ((*s != 'b' && *s != 'B') || strncmp(s + 1, "/s", 2) != 0)
        return false;
    s += 3;
    if (*s == '\0')
        return true;
    if (*s++ != '@' || !parse_count(&s, &n))
        return false;
    s += *s && strchr("mu", *s) ? 1 : 0;
    s += *s == 's' ? 1 : 0;
    return *s == '\0';
}

/*
 * Converts a rate to xl's syntax. xend has it as the user gave it, or as "BYTES,USECS" per interval
 * (parseRate() in netif.py of Xen 4.1), where 4294967295,0 means no limit: rate is empty then.
 */
static bool read_rate(const char *value, char *rate, size_t size)
{
    uint64_t bytes, usecs, per_second;
    const char *s = value;

    *rate = '\0';
    if (strcmp(value, "4294967295,0") == 0)
        return true;
    if (is_rate(value)) {
        snprintf(rate, size, "%.63s", value);
        return true;
    }
    if (!parse_count(&s, &bytes) || *s++ != ',' || !parse_count(&s, &usecs) || *s)
        return false;
    per_second = bytes * 1000000 / usecs;
    if (per_second == 0 || per_second > UINT32_MAX)
        return false;
    snprintf(rate, size, "%" PRIu64 "B/s@%" PRIu64 "us", per_second, usecs);
    return true;
}

/* Options with the same name in xl, in the order of the output. */
enum { MAC, BRIDGE, SCRIPT, IP, MODEL, VIFNAME, BACKEND, KEYS };
static const char *const keys[KEYS] = {
    [MAC] = "mac",     [BRIDGE] = "bridge",   [SCRIPT] = "script",   [IP] = "ip",
    [MODEL] = "model", [VIFNAME] = "vifname", [BACKEND] = "backend",
};

struct vif {
    char value[KEYS][XEND_VALUE_MAX]; /* empty: none */
    char rate[64];
    const char *type;
};

static bool matches(const char *value, const char *wanted)
{
    return strcmp(value, wanted) == 0;
}

/*
 * The network device of a HVM guest is also emulated, unless another type is set. Up to Xen 3.0.3,
 * whose image type is vmx, it is emulated only if type is ioemu.
 */
static const char *vif_type(const struct xend_guest *g, const char *type, char *model)
{
    bool emulated = *type ? matches(type, "ioemu") : !sexp_is(sexp_first(g->image), "vmx");

    if (!g->hvm)
        return NULL; /* xl rejects ioemu */
    if (matches(model, "netfront")) {
        *model = '\0';
        emulated = false;
    }
    return emulated ? "ioemu" : "vif";
}

/* May the option be written unchanged? An empty one is not written at all. */
static bool is_valid(unsigned key, char *value)
{
    if (key == BACKEND && (matches(value, "0") || matches(value, "Domain-0")))
        *value = '\0';
    return *value == '\0' || (xend_is_option(value) && (key != MAC || is_mac(value)));
}

/* Reads a device. Returns false if some settings are lost; the others are in v. */
static bool read_vif(struct vif *v, const struct xend_guest *g, struct sexp device)
{
    static const char *const lost[] = {"accel", "policy", "security_label", "be_mac", NULL};
    char type[XEND_VALUE_MAX], value[XEND_VALUE_MAX];
    bool ok = true;

    memset(v, 0, sizeof(*v));
    for (unsigned i = 0; i < KEYS; i++) {
        if (xend_child_value(device, keys[i], v->value[i]) && is_valid(i, v->value[i]))
            continue;
        ok &= *v->value[i] == '\0';
        *v->value[i] = '\0';
    }
    if (xend_child_value(device, "rate", value))
        ok &= read_rate(value, v->rate, sizeof(v->rate));
    for (const char *const *key = lost; *key; key++)
        ok &= !xend_child_value(device, *key, value);
    (void)xend_child_value(device, "type", type);
    v->type = vif_type(g, type, v->value[MODEL]);
    return ok;
}

static void put_option(struct config_text *t, const char **comma, const char *key,
                       const char *value)
{
    if (!value || !*value)
        return;
    xl_put(t, *comma);
    xl_put(t, key);
    xl_put(t, "=");
    xl_put_part(t, value);
    *comma = ",";
}

static void put_vif(struct config_text *t, const struct vif *v)
{
    const char *comma = "";

    xl_item_begin(t);
    for (unsigned i = 0; i < KEYS; i++)
        put_option(t, &comma, keys[i], v->value[i]);
    put_option(t, &comma, "type", v->type);
    put_option(t, &comma, "rate", v->rate);
    xl_item_end(t);
}

void xend_put_vifs(struct config_text *t, struct xend_guest *g)
{
    static const char *const classes[] = {"vif", NULL};
    struct sexp device, child = xend_find_device(sexp_first(g->domain), classes, &device);
    struct vif v;

    if (!child.p)
        return;
    xl_list_begin(t, "vif");
    for (; child.p; child = xend_find_device(sexp_next(child), classes, &device)) {
        if (!read_vif(&v, g, device))
            xend_put_lost(t, g, device, "    ");
        put_vif(t, &v);
    }
    xl_list_end(t);
}
