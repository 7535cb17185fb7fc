/*
 * CPU affinity.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xend_parts.h"

#define HOST_CPUS 4096

/* A set of host CPUs. */
struct cpu_set {
    bool has[HOST_CPUS];
    bool any; /* a range was given */
};

static bool add_range(struct cpu_set *set, const char *text, bool present)
{
    char *end;
    unsigned long from = strtoul(text, &end, 10), to = from;

    if (end == text || *text == '-' || *text == '+')
        return false;
    if (*end == '-') {
        text = end + 1;
        to = strtoul(text, &end, 10);
        if (end == text || *text == '-' || *text == '+')
            return false;
    }
    if (*end != '\0' || to >= HOST_CPUS || from > to)
        return false;
    for (; from <= to; from++)
        set->has[from] = present;
    set->any = true;
    return true;
}

/* Reads "0-3,^1"; ranges are applied in the order of the string. */
static bool add_ranges(struct cpu_set *set, char *text)
{
    char *left = NULL;

    for (char *part = strtok_r(text, ",", &left); part; part = strtok_r(NULL, ",", &left)) {
        part += strspn(part, " ");
        part[strcspn(part, " ")] = '\0';
        if (!add_range(set, *part == '^' ? part + 1 : part, *part != '^'))
            return false;
    }
    return true;
}

/* Reads the set of one vcpu: an atom of ranges, or a list of such atoms. */
static bool read_set(struct cpu_set *set, struct sexp s)
{
    char text[XEND_VALUE_MAX];

    memset(set, 0, sizeof(*set));
    if (!sexp_is_list(s))
        return sexp_atom(s, text, sizeof(text)) && add_ranges(set, text);
    for (s = sexp_first(s); s.p; s = sexp_next(s))
        if (!sexp_atom(s, text, sizeof(text)) || !add_ranges(set, text))
            return false;
    return true;
}

static void put_set(struct config_text *t, const struct cpu_set *set)
{
    const char *comma = "";
    char range[32];

    for (unsigned i = 0; i < HOST_CPUS; i++) {
        unsigned from = i;

        if (!set->has[i])
            continue;
        while (i + 1 < HOST_CPUS && set->has[i + 1])
            i++;
        snprintf(range, sizeof(range), i > from ? "%s%u-%u" : "%s%u", comma, from, i);
        xl_put_part(t, range);
        comma = ",";
    }
    if (!*comma)
        xl_put_part(t, "all");
}

static bool is_plain_number(struct sexp s)
{
    char text[XEND_VALUE_MAX];

    return sexp_atom(s, text, sizeof(text)) && *text && strspn(text, "0123456789") == strlen(text);
}

/*
 * Does value have a set for each vcpu? So do ((0 1) (2)) and ("0-1" "2"), while (0 1), of Xen 3.1
 * to 3.3, and "0-1" are a set for all vcpus.
 */
static bool is_per_vcpu(struct sexp value)
{
    struct sexp s = sexp_first(value);

    if (!sexp_is_list(value))
        return false;
    while (s.p && is_plain_number(s))
        s = sexp_next(s);
    return s.p != NULL;
}

static bool is_valid(struct sexp value, struct cpu_set *set, bool *pinned)
{
    *pinned = false;
    if (!is_per_vcpu(value)) {
        bool ok = read_set(set, value);

        *pinned = set->any;
        return ok;
    }
    for (struct sexp s = sexp_first(value); s.p; s = sexp_next(s)) {
        if (!read_set(set, s))
            return false;
        *pinned |= set->any;
    }
    return true;
}

void xend_put_pinning(struct config_text *t, struct xend_guest *g)
{
    const char *key = g->items[xend_row("cpus")].p ? "cpus" : "cpu";
    struct sexp value = sexp_next(sexp_first(g->items[xend_row(key)]));
    unsigned long vcpu = 0;
    struct cpu_set set;
    bool pinned;

    /* (cpu -1) means any CPU. */
    if (!value.p || (strcmp(key, "cpu") == 0 && sexp_is(value, "-1")))
        return;
    if (!is_valid(value, &set, &pinned)) {
        xend_mark_unusable(g, key);
        return;
    }
    if (!pinned)
        return;
    if (!is_per_vcpu(value)) {
        xl_put(t, "cpus = \"");
        put_set(t, &set);
        xl_put(t, "\"\n");
        return;
    }
    xl_list_begin(t, "cpus");
    for (struct sexp s = sexp_first(value); s.p && vcpu++ < g->vcpus; s = sexp_next(s)) {
        (void)read_set(&set, s);
        xl_item_begin(t);
        put_set(t, &set);
        xl_item_end(t);
    }
    xl_list_end(t);
}
