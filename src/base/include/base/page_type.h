/*
 * Page types: the four bits of XEN_DOMCTL_PFINFO_* (xen/include/public/domctl.h), shifted down.
 * Each stream format has them in other bits of an entry.
 */
#ifndef BASE_PAGE_TYPE_H
#define BASE_PAGE_TYPE_H

#include <stdbool.h>
#include <stdint.h>

enum page_type {
    PFINFO_NOTAB = 0x0,
    PFINFO_L1TAB = 0x1,
    PFINFO_L2TAB = 0x2,
    PFINFO_L3TAB = 0x3,
    PFINFO_L4TAB = 0x4,
    PFINFO_LPINTAB = 0x8, /* or-ed with L1TAB to L4TAB: pinned. Alone it is not a type */
    PFINFO_BROKEN = 0xd,
    PFINFO_XALLOC = 0xe, /* to be allocated, without content */
    PFINFO_XTAB = 0xf,   /* not mapped */
};

#define PFINFO_LTABTYPE_MASK 0x7

/* Does Xen define this type? 5 to 8 are undefined (Xen's restore: "bogus page type"). */
static inline bool page_type_known(unsigned type)
{
    return type <= PFINFO_L4TAB || (type > PFINFO_LPINTAB && type <= PFINFO_XTAB);
}

/* Name without XEN_DOMCTL_PFINFO_: "NOTAB", "L1TAB pinned". Static; NULL: undefined type. */
const char *page_type_name(unsigned type);

/* Does a page of this (known) type have 4096 bytes of content? */
static inline bool page_type_has_data(unsigned type)
{
    return type < PFINFO_BROKEN;
}

#endif
