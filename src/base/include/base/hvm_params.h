/*
 * Indices of HVM parameters (xen/include/public/hvm/params.h). Legacy and v2 streams contain the
 * same indices.
 */
#ifndef BASE_HVM_PARAMS_H
#define BASE_HVM_PARAMS_H

#include <stdint.h>

/* The name of an index, without HVM_PARAM_. Static; NULL if Xen has no name for it (any more). */
const char *hvm_param_name(uint64_t index);

#define HVM_PARAM_STORE_PFN             1
#define HVM_PARAM_IOREQ_PFN             5
#define HVM_PARAM_BUFIOREQ_PFN          6
#define HVM_PARAM_VIRIDIAN              9
#define HVM_PARAM_IDENT_PT              12
#define HVM_PARAM_VM86_TSS              15
#define HVM_PARAM_CONSOLE_PFN           17
#define HVM_PARAM_ACPI_IOPORTS_LOCATION 19
#define HVM_PARAM_PAGING_RING_PFN       27
#define HVM_PARAM_MONITOR_RING_PFN      28
#define HVM_PARAM_SHARING_RING_PFN      29
#define HVM_PARAM_IOREQ_SERVER_PFN      32
#define HVM_PARAM_NR_IOREQ_SERVER_PAGES 33
#define HVM_PARAM_VM_GENERATION_ID_ADDR 34
#define HVM_PARAM_X87_FIP_WIDTH         36

#endif
