#include "base/hvm_params.h"
#include "stream_format.h"

#define PLAIN(id)                                                                                  \
    {                                                                                              \
        XC_SAVE_ID_##id, "XC_SAVE_ID_" #id, -1                                                     \
    }
#define PARAM(id, param)                                                                           \
    {                                                                                              \
        XC_SAVE_ID_HVM_##id, "XC_SAVE_ID_HVM_" #id, HVM_PARAM_##param                              \
    }

/* Entry n describes id -n. */
static const struct chunk_type chunk_types[] = {
    PLAIN(END),
    PLAIN(ENABLE_VERIFY_MODE),
    PLAIN(VCPU_INFO),
    PARAM(IDENT_PT, IDENT_PT),
    PARAM(VM86_TSS, VM86_TSS),
    PLAIN(TMEM),
    PLAIN(TMEM_EXTRA),
    PLAIN(TSC_INFO),
    PARAM(CONSOLE_PFN, CONSOLE_PFN),
    PLAIN(LAST_CHECKPOINT),
    PARAM(ACPI_IOPORTS_LOCATION, ACPI_IOPORTS_LOCATION),
    PARAM(VIRIDIAN, VIRIDIAN),
    PLAIN(COMPRESSED_DATA),
    PLAIN(ENABLE_COMPRESSION),
    PARAM(GENERATION_ID_ADDR, VM_GENERATION_ID_ADDR),
    PARAM(PAGING_RING_PFN, PAGING_RING_PFN),
    PARAM(ACCESS_RING_PFN, MONITOR_RING_PFN),
    PARAM(SHARING_RING_PFN, SHARING_RING_PFN),
    PLAIN(TOOLSTACK),
    PARAM(IOREQ_SERVER_PFN, IOREQ_SERVER_PFN),
    PARAM(NR_IOREQ_SERVER_PAGES, NR_IOREQ_SERVER_PAGES),
    PARAM(X87_FIP_WIDTH, X87_FIP_WIDTH),
};

const struct chunk_type *chunk_type_find(int32_t id)
{
    int32_t last = (int32_t)(sizeof(chunk_types) / sizeof(chunk_types[0])) - 1;

    return id <= 0 && id >= -last ? &chunk_types[-id] : NULL;
}
