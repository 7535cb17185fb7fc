/*
 * The intermediate model: a saved domain as a sequence of items. A reader produces the items one by
 * one. A consumer processes each item before it reads the next one. Small data is in the item, or
 * at a pointer that is valid until the next item. Bulk data is a reference to the next len bytes of
 * the input. The consumer may move them from there; the reader skips the bytes that are left.
 *
 * Order: BEGIN; for PV: PV_INFO, P2M_FRAMES (one or more parts); any number of PAGES and TSC_INFO;
 * for HVM: HVM_PARAMS (one or more), HVM_CONTEXT; for PV: VCPU items by ascending id, SHARED_INFO;
 * LIBXC_END; for HVM, if present: PHYSMAP, EMULATOR; END.
 */
#ifndef BASE_IMAGE_H
#define BASE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/input.h"

#define CLS_PAGE_SIZE 4096
#define CLS_BATCH_MAX 1024 /* pages in one PAGES item (MAX_BATCH_SIZE of every legacy release) */

enum guest_type {
    GUEST_UNKNOWN,
    GUEST_PV,
    GUEST_HVM,
};

/* "PV" or "HVM"; NULL for GUEST_UNKNOWN. Static. */
static inline const char *guest_type_name(enum guest_type guest)
{
    return guest == GUEST_PV ? "PV" : guest == GUEST_HVM ? "HVM" : NULL;
}

enum image_item_kind {
    IMAGE_BEGIN,
    IMAGE_PV_INFO,
    IMAGE_P2M_FRAMES,
    IMAGE_PAGES,
    IMAGE_TSC_INFO,
    IMAGE_HVM_PARAMS,
    IMAGE_HVM_CONTEXT,
    IMAGE_VCPU_BASIC,
    IMAGE_VCPU_EXTENDED,
    IMAGE_VCPU_XSAVE,
    IMAGE_SHARED_INFO,
    IMAGE_LIBXC_END,
    IMAGE_PHYSMAP,
    IMAGE_EMULATOR,
    IMAGE_END,
};

/* len bytes in memory, at bytes; if bytes is NULL, the next len bytes of the input from. */
struct image_data {
    uint64_t len;
    const uint8_t *bytes;
    struct cls_input *from;
};

struct image_begin {
    enum guest_type guest;
    uint64_t p2m_size; /* in pages: highest pfn + 1 */
};

struct image_pv_info {
    unsigned guest_width; /* in bytes: 4 or 8 */
    unsigned pt_levels;   /* 3 or 4 */
};

/* A part of the frame list of the guest's p2m table: count entries of total, from first on. */
struct image_p2m_frames {
    uint64_t p2m_size; /* in pages */
    uint32_t total, first, count;
    const uint64_t *frames;
};

/*
 * Each entry has the page type in bits 31..28 and the pfn in bits 27..0. data: 4096 bytes for each
 * entry with content (page_type_has_data()).
 */
struct image_pages {
    uint32_t count;
    const uint32_t *entries;
    struct image_data data;
};

struct image_tsc_info {
    uint32_t mode, khz, incarnation;
    uint64_t nsec;
};

struct image_hvm_param {
    uint64_t index, value; /* index: HVM_PARAM_* */
};

struct image_hvm_params {
    uint32_t count;
    const struct image_hvm_param *params;
};

struct image_vcpu {
    uint32_t id;
    struct image_data data;
};

/* A memory region of QEMU, as libxl stores it in xenstore. */
struct image_physmap_entry {
    uint64_t phys_offset, start_addr, size;
    const char *name; /* NUL-terminated; NULL: the entry has no name */
};

struct image_physmap {
    uint32_t count;
    /* Decodes the entry at *pos of ctx and advances *pos; first *pos is 0. Cannot fail. */
    void (*next)(const void *ctx, size_t *pos, struct image_physmap_entry *entry);
    const void *ctx;
};

/* The device model's state. */
struct image_emulator {
    const uint8_t *lead; /* the bytes before the data: signature and length, unchanged */
    size_t lead_len;
    struct image_data data;
};

struct image_item {
    enum image_item_kind kind;
    union {
        struct image_begin begin;
        struct image_pv_info pv_info;
        struct image_p2m_frames p2m_frames;
        struct image_pages pages;
        struct image_tsc_info tsc_info;
        struct image_hvm_params hvm_params;
        struct image_data data; /* HVM_CONTEXT, SHARED_INFO */
        struct image_vcpu vcpu;
        struct image_physmap physmap;
        struct image_emulator emulator;
    };
};

#endif
