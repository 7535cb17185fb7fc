#include "base/page_type.h"

#include <stddef.h>

const char *page_type_name(unsigned type)
{
    static const char *const names[] = {
        [PFINFO_NOTAB] = "NOTAB",
        [PFINFO_L1TAB] = "L1TAB",
        [PFINFO_L2TAB] = "L2TAB",
        [PFINFO_L3TAB] = "L3TAB",
        [PFINFO_L4TAB] = "L4TAB",
        [PFINFO_LPINTAB | PFINFO_L1TAB] = "L1TAB pinned",
        [PFINFO_LPINTAB | PFINFO_L2TAB] = "L2TAB pinned",
        [PFINFO_LPINTAB | PFINFO_L3TAB] = "L3TAB pinned",
        [PFINFO_LPINTAB | PFINFO_L4TAB] = "L4TAB pinned",
        [PFINFO_BROKEN] = "BROKEN",
        [PFINFO_XALLOC] = "XALLOC",
        [PFINFO_XTAB] = "XTAB",
    };

    return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}
