/*
 * Page tables of a PV guest with entries that are vulnerable to L1TF: not present, but with an
 * address in what may be the host's RAM (pv_l1tf_check_pte() in xen/arch/x86/include/asm/shadow.h).
 * Kernels since mid-2018 invert the address of what they swapped out.
 */
#include "base/bytes.h"
#include "base/page_type.h"
#include "inspect_model.h"

#define PTE_PRESENT 1u
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)
#define RAM_MAX     (UINT64_C(1) << 44) /* 16 TiB, as much as Xen takes by default */

static uint64_t count_entries(const uint8_t *page)
{
    uint64_t count = 0;

    for (size_t i = 0; i < CLS_PAGE_SIZE; i += 8) {
        uint64_t entry = get_le64(page + i), address = entry & PTE_ADDRESS;

        count += !(entry & PTE_PRESENT) && address > 0 && address < RAM_MAX;
    }
    return count;
}

/* Reads L1 tables only. An input that ends early is no error here: its reader finds that. */
static bool look_in_input(struct limits_facts *facts, const struct image_pages *item,
                          struct cls_error *err)
{
    struct cls_input *in = item->data.from;
    uint8_t page[CLS_PAGE_SIZE];
    uint64_t before = 0;
    size_t got;

    for (uint32_t i = 0; i < item->count; i++) {
        unsigned type = item->entries[i] >> 28;

        if (!page_type_has_data(type))
            continue;
        if ((type & PFINFO_LTABTYPE_MASK) != PFINFO_L1TAB) {
            before += CLS_PAGE_SIZE;
            continue;
        }
        if (!cls_input_skip(in, before, "page data", err) ||
            !cls_input_read_some(in, page, sizeof(page), &got, err))
            return false;
        before = 0;
        if (got < sizeof(page))
            return true;
        facts->l1tf_entries += count_entries(page);
    }
    return true;
}

bool inspect_l1tf(struct inspection *inspection, const struct image_pages *item,
                  struct cls_error *err)
{
    const uint8_t *page = item->data.bytes;

    if (inspection->guest != GUEST_PV)
        return true;
    if (!page)
        return !item->data.from || look_in_input(&inspection->facts, item, err);
    for (uint32_t i = 0; i < item->count; i++) {
        unsigned type = item->entries[i] >> 28;

        if (!page_type_has_data(type))
            continue;
        if ((type & PFINFO_LTABTYPE_MASK) == PFINFO_L1TAB)
            inspection->facts.l1tf_entries += count_entries(page);
        page += CLS_PAGE_SIZE;
    }
    return true;
}
