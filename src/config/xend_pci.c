#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xend_parts.h"

/* Reads a hexadecimal number, with or without 0x (parse_hex() in pci.py of Xen 4.1). */
static bool read_hex(struct sexp dev, const char *key, unsigned long max, unsigned long *n)
{
    char value[XEND_VALUE_MAX], *end;

    *n = 0;
    if (!xend_child_value(dev, key, value))
        return strcmp(key, "domain") == 0;
    *n = strtoul(value, &end, 16);
    return end != value && *end == '\0' && *value != '-' && *value != '+' && *n <= max;
}

struct pci {
    unsigned long domain, bus, slot, func;
};

/* Reads (dev (domain 0x0) (bus 0x1) (slot 0x2) (func 0x3)); Xen 3.0 has "dev" for "slot". */
static bool read_pci(struct pci *p, struct sexp dev, const char *slot)
{
    return read_hex(dev, "domain", 0xffff, &p->domain) && read_hex(dev, "bus", 0xff, &p->bus) &&
           read_hex(dev, slot, 0x1f, &p->slot) && read_hex(dev, "func", 7, &p->func);
}

/* Writes the options, each of which is a list (opts (msitranslate 1)). */
static void put_options(struct config_text *t, struct sexp dev)
{
    static const char *const names[] = {"msitranslate", "power_mgmt"};

    for (struct sexp s = sexp_first(dev); s.p; s = sexp_next(s)) {
        struct sexp option = sexp_next(sexp_first(s));
        char value[XEND_VALUE_MAX];
        long long n;

        if (!sexp_is(sexp_first(s), "opts"))
            continue;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (sexp_is(sexp_first(option), names[i]) && xend_item_value(option, value) &&
                xend_parse(value, 0, 1, &n)) {
                xl_put(t, ",");
                xl_put(t, names[i]);
                xl_put(t, n ? "=1" : "=0");
            }
    }
}

static void put_pci(struct config_text *t, struct xend_guest *g, struct sexp dev, const char *slot)
{
    char bdf[32];
    struct pci p;

    if (!read_pci(&p, dev, slot)) {
        xend_put_lost(t, g, dev, "    ");
        return;
    }
    snprintf(bdf, sizeof(bdf), "%04lx:%02lx:%02lx.%lx", p.domain, p.bus, p.slot, p.func);
    xl_item_begin(t);
    xl_put(t, bdf);
    put_options(t, dev);
    xl_item_end(t);
}

static void put_device(struct config_text *t, struct xend_guest *g, struct sexp device)
{
    struct sexp dev = sexp_child(device, "dev");

    if (sexp_child(device, "bus").p) {
        put_pci(t, g, device, "dev");
        return;
    }
    for (; dev.p; dev = sexp_next(dev))
        if (sexp_is(sexp_first(dev), "dev"))
            put_pci(t, g, dev, "slot");
}

static void put_default(struct config_text *t, const struct xend_guest *g, const char *key)
{
    if (g->items[xend_row(key)].p)
        xl_put_number(t, key, xend_number(g, key, 0) != 0);
}

void xend_put_pci(struct config_text *t, struct xend_guest *g)
{
    static const char *const classes[] = {"pci", NULL};
    struct sexp device, child = xend_find_device(sexp_first(g->domain), classes, &device);

    if (!child.p)
        return;
    put_default(t, g, "pci_msitranslate");
    put_default(t, g, "pci_power_mgmt");
    xl_list_begin(t, "pci");
    for (; child.p; child = xend_find_device(sexp_next(child), classes, &device))
        put_device(t, g, device);
    xl_list_end(t);
}
