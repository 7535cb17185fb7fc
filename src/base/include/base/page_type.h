/*
 * Page types, as Xen's public interface names them (xen/include/public/domctl.h,
 * XEN_DOMCTL_PFINFO_*; here the four bits themselves, which each stream shifts to its own place).
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
    PFINFO_LPINTAB = 0x8, /* with L1TAB to L4TAB: pinned. Alone: no type */
    PFINFO_BROKEN = 0xd,
    PFINFO_XALLOC = 0xe, /* to be allocated, without content */
    PFINFO_XTAB = 0xf,   /* no page there */
};

#define PFINFO_LTABTYPE_MASK 0x7

/* Does Xen define this type? 5 to 8 are none (restore: "bogus page type"). */
static inline bool page_type_known(unsigned type)
{
    return type <= PFINFO_L4TAB || (type > PFINFO_LPINTAB && type <= PFINFO_XTAB);
}

/* "NOTAB", "L1TAB pinned": its name without XEN_DOMCTL_PFINFO_; NULL for a type not defined. */
const char *page_type_name(unsigned type);

/* Do 4096 bytes of content go with a known type? */
static inline bool page_type_has_data(unsigned type)
{
    return type < PFINFO_BROKEN;
}

#endif
