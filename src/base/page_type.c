#include "base/page_type.h"

#include <stddef.h>

const char *page_type_name(unsigned type)
{
    static const char *const names[16] = {
        [PFINFO_NOTAB] = "NOTAB",   [PFINFO_L1TAB] = "L1TAB",   [PFINFO_L2TAB] = "L2TAB",
        [PFINFO_L3TAB] = "L3TAB",   [PFINFO_L4TAB] = "L4TAB",   [0x9] = "L1TAB pinned",
        [0xa] = "L2TAB pinned",     [0xb] = "L3TAB pinned",     [0xc] = "L4TAB pinned",
        [PFINFO_BROKEN] = "BROKEN", [PFINFO_XALLOC] = "XALLOC", [PFINFO_XTAB] = "XTAB",
    };

    return type < 16 ? names[type] : NULL;
}
