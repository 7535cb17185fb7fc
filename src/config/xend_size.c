/*
 * Memory and vcpus.
 */
#include <stdlib.h>
#include <string.h>

#include "xend_parts.h"

#define VCPUS_MAX 8192

static void put_memory(struct config_text *t, struct xend_guest *g)
{
    char text[XEND_VALUE_MAX];
    long long memory = 0, maxmem = 0;
    bool given = xend_value(g, "memory", text);

    if (given && !xend_parse(text, 1, INT32_MAX, &memory))
        xend_mark_unusable(g, "memory");
    if (xend_value(g, "maxmem", text) && !xend_parse(text, 1, INT32_MAX, &maxmem))
        xend_mark_unusable(g, "maxmem");
    if (memory == 0)
        memory = maxmem;
    if (memory > 0)
        xl_put_number(t, "memory", memory);
    if (maxmem > 0)
        xl_put_number(t, "maxmem", maxmem < memory ? memory : maxmem);
}

/* The number of vcpus that are online by the bitmap vcpu_avail; count if it is missing. */
static unsigned long count_online(const struct xend_guest *g, unsigned long count)
{
    char text[XEND_VALUE_MAX], *end;
    unsigned long long map;
    int bits;

    if (!xend_value(g, "vcpu_avail", text) || strspn(text, "0123456789") < strlen(text))
        return count;
    map = strtoull(text, &end, 10);
    bits = __builtin_popcountll(map);
    return bits > 0 && (unsigned long)bits < count && map != UINT64_MAX ? (unsigned long)bits
                                                                        : count;
}

/* xend's "vcpus" is the maximum. */
static void put_vcpus(struct config_text *t, struct xend_guest *g)
{
    char text[XEND_VALUE_MAX];
    long long vcpus = 0;
    unsigned long used;

    if (xend_value(g, "vcpus", text) && !xend_parse(text, 1, VCPUS_MAX, &vcpus))
        xend_mark_unusable(g, "vcpus");
    used = count_online(g, (unsigned long)vcpus);
    g->vcpus = (unsigned long)vcpus;
    if (vcpus > 0)
        xl_put_number(t, "vcpus", (long long)used);
    if ((long long)used < vcpus)
        xl_put_number(t, "maxvcpus", vcpus);
}

void xend_put_size(struct config_text *t, struct xend_guest *g)
{
    put_memory(t, g);
    put_vcpus(t, g);
}
