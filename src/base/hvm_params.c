#include "base/hvm_params.h"

#include <stddef.h>

/* All that xen/include/public/hvm/params.h of Xen 4.5 to 4.21 names. */
static const char *const names[] = {
    [0] = "CALLBACK_IRQ",
    [HVM_PARAM_STORE_PFN] = "STORE_PFN",
    [2] = "STORE_EVTCHN",
    [4] = "PAE_ENABLED",
    [HVM_PARAM_IOREQ_PFN] = "IOREQ_PFN",
    [HVM_PARAM_BUFIOREQ_PFN] = "BUFIOREQ_PFN",
    [HVM_PARAM_VIRIDIAN] = "VIRIDIAN",
    [10] = "TIMER_MODE",
    [11] = "HPET_ENABLED",
    [HVM_PARAM_IDENT_PT] = "IDENT_PT",
    [13] = "DM_DOMAIN",
    [14] = "ACPI_S_STATE",
    [HVM_PARAM_VM86_TSS] = "VM86_TSS",
    [16] = "VPT_ALIGN",
    [HVM_PARAM_CONSOLE_PFN] = "CONSOLE_PFN",
    [18] = "CONSOLE_EVTCHN",
    [HVM_PARAM_ACPI_IOPORTS_LOCATION] = "ACPI_IOPORTS_LOCATION",
    [20] = "MEMORY_EVENT_CR0",
    [21] = "MEMORY_EVENT_CR3",
    [22] = "MEMORY_EVENT_CR4",
    [23] = "MEMORY_EVENT_INT3",
    [24] = "NESTEDHVM",
    [25] = "MEMORY_EVENT_SINGLE_STEP",
    [26] = "BUFIOREQ_EVTCHN",
    [HVM_PARAM_PAGING_RING_PFN] = "PAGING_RING_PFN",
    [HVM_PARAM_MONITOR_RING_PFN] = "MONITOR_RING_PFN",
    [HVM_PARAM_SHARING_RING_PFN] = "SHARING_RING_PFN",
    [30] = "MEMORY_EVENT_MSR",
    [31] = "TRIPLE_FAULT_REASON",
    [HVM_PARAM_IOREQ_SERVER_PFN] = "IOREQ_SERVER_PFN",
    [HVM_PARAM_NR_IOREQ_SERVER_PAGES] = "NR_IOREQ_SERVER_PAGES",
    [HVM_PARAM_VM_GENERATION_ID_ADDR] = "VM_GENERATION_ID_ADDR",
    [35] = "ALTP2M",
    [HVM_PARAM_X87_FIP_WIDTH] = "X87_FIP_WIDTH",
    [37] = "VM86_TSS_SIZED",
    [38] = "MCA_CAP",
};

const char *hvm_param_name(uint64_t index)
{
    return index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
}
