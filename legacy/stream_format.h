/*
 * Numbers of the legacy stream, with the names they have in Xen 4.5's
 * tools/libxc/xg_save_restore.h.
 */
#ifndef LEGACY_STREAM_FORMAT_H
#define LEGACY_STREAM_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define XC_SAVE_ID_END                       0
#define XC_SAVE_ID_ENABLE_VERIFY_MODE        (-1)
#define XC_SAVE_ID_VCPU_INFO                 (-2)
#define XC_SAVE_ID_HVM_IDENT_PT              (-3)
#define XC_SAVE_ID_HVM_VM86_TSS              (-4)
#define XC_SAVE_ID_TMEM                      (-5)
#define XC_SAVE_ID_TMEM_EXTRA                (-6)
#define XC_SAVE_ID_TSC_INFO                  (-7)
#define XC_SAVE_ID_HVM_CONSOLE_PFN           (-8)
#define XC_SAVE_ID_LAST_CHECKPOINT           (-9)
#define XC_SAVE_ID_HVM_ACPI_IOPORTS_LOCATION (-10)
#define XC_SAVE_ID_HVM_VIRIDIAN              (-11)
#define XC_SAVE_ID_COMPRESSED_DATA           (-12)
#define XC_SAVE_ID_ENABLE_COMPRESSION        (-13)
#define XC_SAVE_ID_HVM_GENERATION_ID_ADDR    (-14)
#define XC_SAVE_ID_HVM_PAGING_RING_PFN       (-15)
#define XC_SAVE_ID_HVM_ACCESS_RING_PFN       (-16)
#define XC_SAVE_ID_HVM_SHARING_RING_PFN      (-17)
#define XC_SAVE_ID_TOOLSTACK                 (-18)
#define XC_SAVE_ID_HVM_IOREQ_SERVER_PFN      (-19)
#define XC_SAVE_ID_HVM_NR_IOREQ_SERVER_PAGES (-20)
#define XC_SAVE_ID_HVM_X87_FIP_WIDTH         (-21) /* Xen 4.5.4 and 4.5.5 only */
#define XC_SAVE_ID_LOWEST                    XC_SAVE_ID_HVM_X87_FIP_WIDTH

/* 28 bits of an entry hold the pfn, so no saver handled more (xc_domain_save.c). */
#define P2M_SIZE_MAX 0x0fffffffu

#define XC_SR_MAX_VCPUS 4096

/* Sizes of vcpu_guest_context in Xen's public headers, the same in all releases from 3.0 to 4.5. */
#define VCPU_CONTEXT_SIZE_X86_32 2800
#define VCPU_CONTEXT_SIZE_X86_64 5168
#define VCPU_EXTENDED_SIZE       128

/* In vcpu_guest_context: flags follows the 512 bytes of FPU state
 * (xen/include/public/arch-x86/xen.h). */
#define VCPU_CONTEXT_FLAGS 512
#define VGCF_ONLINE        (1u << 5)

/* xcr0 and xcr0_accum precede the area; 16 KiB hold the area of every CPU that Xen 4.5 knew. */
#define XSAVE_SIZE_MIN 16
#define XSAVE_SIZE_MAX (16 + 16384)

/* xc_domain_restore.c, buffer_tail_pv(). */
#define UNMAPPED_PFNS_MAX (1u << 28)

/* The longest record that v2 restore code reads (REC_LENGTH_MAX since Xen 4.10). */
#define HVM_CONTEXT_MAX (128u * 1024 * 1024)

/* Real device model states have some KiB; with a whole video memory they stay below this. */
#define QEMU_RECORD_MAX (256u * 1024 * 1024)
#define QEMU_TO_EOF_MAX ((size_t)16 * 1024 * 1024) /* without length, it must be held in memory */

struct chunk_type {
    int32_t id;
    const char *name;
    const char *what; /* names the bytes behind the id in errors */
    size_t size;      /* number of these bytes; more may follow */
    int hvm_param; /* HVM_PARAM_* of the value that the chunk holds; 0: none (no chunk holds number
                      0) */
};

/* The chunk type, or NULL if there is none with this number. */
const struct chunk_type *chunk_type_find(int32_t id);

#endif
