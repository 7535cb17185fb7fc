/*
 * Constants of the v2 streams, with the names in Xen's xg_sr_stream_format.h,
 * libxl_sr_stream_format.h and python/xen/migration/.
 */
#ifndef V2_FORMAT_H
#define V2_FORMAT_H

#include <stdint.h>

/* libxc: image header (big endian) and domain header (little endian) */
#define IHDR_SIZE           24
#define IHDR_MARKER         UINT64_MAX
#define IHDR_ID             0x58454e46u /* "XENF" */
#define IHDR_OPT_BIG_ENDIAN 1u
#define DHDR_SIZE           16
#define DHDR_TYPE_X86_PV    1
#define DHDR_TYPE_X86_HVM   2
#define DHDR_PAGE_SHIFT     12

/* libxl: header (big endian) */
#define LIBXL_HDR_SIZE           16
#define LIBXL_HDR_IDENT          UINT64_C(0x4c6962786c466d74) /* "LibxlFmt" */
#define LIBXL_HDR_VERSION        2
#define LIBXL_HDR_OPT_BIG_ENDIAN 1u
#define LIBXL_HDR_OPT_LEGACY     2u /* converted from a legacy stream */

/* Records of both formats: u32 type, u32 length of the body, body, zeros to a multiple of 8. */
#define REC_HDR_SIZE 8
#define REC_ALIGN    8

#define REC_TYPE_END                       0x00u
#define REC_TYPE_PAGE_DATA                 0x01u
#define REC_TYPE_X86_PV_INFO               0x02u
#define REC_TYPE_X86_PV_P2M_FRAMES         0x03u
#define REC_TYPE_X86_PV_VCPU_BASIC         0x04u
#define REC_TYPE_X86_PV_VCPU_EXTENDED      0x05u
#define REC_TYPE_X86_PV_VCPU_XSAVE         0x06u
#define REC_TYPE_SHARED_INFO               0x07u
#define REC_TYPE_X86_TSC_INFO              0x08u
#define REC_TYPE_HVM_CONTEXT               0x09u
#define REC_TYPE_HVM_PARAMS                0x0au
#define REC_TYPE_TOOLSTACK                 0x0bu
#define REC_TYPE_X86_PV_VCPU_MSRS          0x0cu
#define REC_TYPE_VERIFY                    0x0du
#define REC_TYPE_CHECKPOINT                0x0eu
#define REC_TYPE_CHECKPOINT_DIRTY_PFN_LIST 0x0fu
#define REC_TYPE_STATIC_DATA_END           0x10u
#define REC_TYPE_X86_CPUID_POLICY          0x11u
#define REC_TYPE_X86_MSR_POLICY            0x12u
#define REC_TYPE_KNOWN                     0x13u /* the last known type + 1 */
#define REC_TYPE_OPTIONAL                  0x80000000u

/* Bytes. Xen's restore code rejects longer records (xg_sr_stream_format.h; 8 MiB before 4.10). */
#define REC_LENGTH_MAX (128u * 1024 * 1024)

/* In a PAGE_DATA entry the type is in bits 63..60. */
#define PAGE_DATA_TYPE_SHIFT    60
#define PAGE_DATA_PFN_MASK      ((UINT64_C(1) << 52) - 1)
#define PAGE_DATA_RESERVED_MASK (UINT64_C(0xff) << 52)

#define LIBXL_REC_TYPE_END                    0x00u
#define LIBXL_REC_TYPE_LIBXC_CONTEXT          0x01u
#define LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA 0x02u
#define LIBXL_REC_TYPE_EMULATOR_CONTEXT       0x03u
#define LIBXL_REC_TYPE_CHECKPOINT_END         0x04u
#define LIBXL_REC_TYPE_CHECKPOINT_STATE       0x05u
#define LIBXL_REC_TYPE_KNOWN                  0x06u

#define EMULATOR_HDR_SIZE         8
#define EMULATOR_ID_UNKNOWN       0u
#define EMULATOR_ID_QEMU_UPSTREAM 2u /* the highest id; 1: qemu-traditional */

#endif
