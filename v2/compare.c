#include "v2/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/page_type.h"
#include "compare_internal.h"
#include "v2/format.h"

void v2_compare_init(struct v2_comparison *c, struct cls_input *in,
                     const struct v2_options *options)
{
    *c = (struct v2_comparison){.in = in, .options = *options};
}

static bool same_libxl_start(struct v2_comparison *c, struct cls_error *err)
{
    uint8_t b[LIBXL_HDR_SIZE];

    put_be64(b, LIBXL_HDR_IDENT);
    put_be32(b + 8, LIBXL_HDR_VERSION);
    put_be32(b + 12, LIBXL_HDR_OPT_LEGACY);
    return same_bytes(c, b, sizeof(b), "libxl header", err) &&
           same_record(c, LIBXL_REC_TYPE_LIBXC_CONTEXT, 0, err);
}

static bool same_begin(struct v2_comparison *c, const struct image_begin *begin,
                       struct cls_error *err)
{
    uint8_t ihdr[IHDR_SIZE] = {0}, dhdr[DHDR_SIZE] = {0};
    bool hvm = begin->guest == GUEST_HVM;

    put_be64(ihdr, IHDR_MARKER);
    put_be32(ihdr + 8, IHDR_ID);
    put_be32(ihdr + 12, c->options.version);
    put_le32(dhdr, hvm ? DHDR_TYPE_X86_HVM : DHDR_TYPE_X86_PV);
    put_le16(dhdr + 4, DHDR_PAGE_SHIFT);
    put_le32(dhdr + 12, 1); /* major 0, minor 1: a converter */
    if (c->options.format == V2_LIBXL && !same_libxl_start(c, err))
        return false;
    return same_bytes(c, ihdr, sizeof(ihdr), "image header", err) &&
           same_bytes(c, dhdr, sizeof(dhdr), "domain header", err) &&
           (!hvm || c->options.version < 3 || same_record(c, REC_TYPE_STATIC_DATA_END, 0, err));
}

static bool same_pv_info(struct v2_comparison *c, const struct image_pv_info *info,
                         struct cls_error *err)
{
    uint8_t b[8] = {(uint8_t)info->guest_width, (uint8_t)info->pt_levels};

    return same_record(c, REC_TYPE_X86_PV_INFO, sizeof(b), err) &&
           same_bytes(c, b, sizeof(b), "width and levels", err) &&
           (c->options.version < 3 || same_record(c, REC_TYPE_STATIC_DATA_END, 0, err));
}

static bool same_p2m_frames(struct v2_comparison *c, const struct image_p2m_frames *f,
                            struct cls_error *err)
{
    uint8_t found[CLS_BATCH_MAX * 8];
    uint64_t start;

    if (f->first == 0 &&
        (!same_record(c, REC_TYPE_X86_PV_P2M_FRAMES, 8 + (uint64_t)f->total * 8, err) ||
         !same_u32(c, 0, "first pfn", err) || !same_u32(c, f->p2m_size - 1, "last pfn", err)))
        return false;
    start = c->in->offset;
    if (!take(c, found, (size_t)f->count * 8, err))
        return false;
    for (uint32_t i = 0; i < f->count; i++)
        if (get_le64(found + (size_t)i * 8) != f->frames[i])
            return differs(c, err, start + (uint64_t)i * 8,
                           "frame 0x%" PRIx64 " instead of 0x%" PRIx64,
                           get_le64(found + (size_t)i * 8), f->frames[i]);
    return true;
}

static bool same_entries(struct v2_comparison *c, const struct image_pages *pages,
                         struct cls_error *err)
{
    uint8_t found[CLS_BATCH_MAX * 8];
    uint64_t start = c->in->offset;

    if (!take(c, found, (size_t)pages->count * 8, err))
        return false;
    for (uint32_t i = 0; i < pages->count; i++) {
        uint32_t pfn = pages->entries[i] & 0x0fffffff, type = pages->entries[i] >> 28;
        uint64_t entry = get_le64(found + (size_t)i * 8);

        if (entry != (pfn | (uint64_t)type << PAGE_DATA_TYPE_SHIFT))
            return differs(c, err, start + (uint64_t)i * 8,
                           "entry 0x%016" PRIx64 " instead of pfn 0x%" PRIx32 " of type 0x%" PRIx32,
                           entry, pfn, type);
    }
    return true;
}

/* The pfn whose content is the nth page of the batch's data. */
static uint32_t pfn_of_page(const struct image_pages *pages, uint64_t nth)
{
    uint32_t i = 0;

    while (!page_type_has_data(pages->entries[i] >> 28) || nth-- > 0)
        i++;
    return pages->entries[i] & 0x0fffffff;
}

static bool same_pages(struct v2_comparison *c, const struct image_pages *pages,
                       struct cls_error *err)
{
    uint64_t start, same;

    if (!same_record(c, REC_TYPE_PAGE_DATA, 8 + (uint64_t)pages->count * 8 + pages->data.len,
                     err) ||
        !same_u32(c, pages->count, "count", err) || !same_u32(c, 0, "reserved field", err) ||
        !same_entries(c, pages, err))
        return false;
    start = c->in->offset;
    if (!compare_data(c, &pages->data, &same, err))
        return false;
    return same == pages->data.len ||
           differs(c, err, start + same,
                   "pfn 0x%" PRIx32 ": the page differs from its byte 0x%x on",
                   pfn_of_page(pages, same / CLS_PAGE_SIZE), (unsigned)(same % CLS_PAGE_SIZE));
}

static bool same_tsc_info(struct v2_comparison *c, const struct image_tsc_info *tsc,
                          struct cls_error *err)
{
    return same_record(c, REC_TYPE_X86_TSC_INFO, 24, err) && same_u32(c, tsc->mode, "mode", err) &&
           same_u32(c, tsc->khz, "khz", err) && same_u64(c, tsc->nsec, "nsec", err) &&
           same_u32(c, tsc->incarnation, "incarnation", err) &&
           same_u32(c, 0, "reserved field", err);
}

static bool same_hvm_params(struct v2_comparison *c, const struct image_hvm_params *params,
                            struct cls_error *err)
{
    if (!same_record(c, REC_TYPE_HVM_PARAMS, 8 + (uint64_t)params->count * 16, err) ||
        !same_u32(c, params->count, "count", err) || !same_u32(c, 0, "reserved field", err))
        return false;
    for (uint32_t i = 0; i < params->count; i++)
        if (!same_u64(c, params->params[i].index, "index of a parameter", err) ||
            !same_u64(c, params->params[i].value, "value of a parameter", err))
            return false;
    return true;
}

static bool same_vcpu(struct v2_comparison *c, uint32_t type, const struct image_vcpu *vcpu,
                      struct cls_error *err)
{
    uint8_t head[8] = {0};

    put_le32(head, vcpu->id);
    return same_whole(c, type, head, sizeof(head), &vcpu->data, err);
}

/* A key of the entry and its value, each with its NUL. value NULL: the entry's is number. */
static bool same_key(struct v2_comparison *c, uint64_t phys_offset, const char *leaf,
                     uint64_t number, const char *value, struct cls_error *err)
{
    struct image_data text = {0};
    char s[SAME_BYTES_MAX];
    int n = snprintf(s, sizeof(s), "physmap/%" PRIx64 "/%s", phys_offset, leaf);

    if (!same_bytes(c, s, (size_t)n + 1, "a key of xenstore", err))
        return false;
    if (!value) {
        n = snprintf(s, sizeof(s), "%" PRIx64, number);
        return same_bytes(c, s, (size_t)n + 1, "a value of xenstore", err);
    }
    text.bytes = (const uint8_t *)value;
    text.len = strlen(value) + 1;
    return same_data(c, &text, err);
}

/* How long the record has to be shows at its end; the verifier has seen that it holds whole keys.
 */
static bool same_physmap(struct v2_comparison *c, const struct image_physmap *physmap,
                         struct cls_error *err)
{
    static const uint8_t emulator[EMULATOR_HDR_SIZE]; /* id unknown, index 0 */
    uint64_t start = c->in->offset, length;
    struct image_physmap_entry e;
    uint8_t b[REC_HDR_SIZE];
    size_t pos = 0;

    if (c->options.format != V2_LIBXL)
        return true;
    c->record_nr++;
    if (!take(c, b, sizeof(b), err) || !same_bytes(c, emulator, sizeof(emulator), "emulator", err))
        return false;
    for (uint32_t i = 0; i < physmap->count; i++) {
        physmap->next(physmap->ctx, &pos, &e);
        if (!same_key(c, e.phys_offset, "start_addr", e.start_addr, NULL, err) ||
            !same_key(c, e.phys_offset, "size", e.size, NULL, err) ||
            (e.name && !same_key(c, e.phys_offset, "name", 0, e.name, err)))
            return false;
    }
    length = c->in->offset - start - REC_HDR_SIZE;
    if (get_le32(b) != LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA || get_le32(b + 4) != length)
        return differs(c, err, start,
                       "type 0x%" PRIx32 ", length %" PRIu32
                       " instead of type 0x%x, length %" PRIu64,
                       get_le32(b), get_le32(b + 4), LIBXL_REC_TYPE_EMULATOR_XENSTORE_DATA, length);
    return same_padding(c, length, err);
}

static bool same_emulator(struct v2_comparison *c, const struct image_emulator *emulator,
                          struct cls_error *err)
{
    static const uint8_t head[EMULATOR_HDR_SIZE]; /* id unknown, index 0 */

    if (c->options.format == V2_LIBXL)
        return same_whole(c, LIBXL_REC_TYPE_EMULATOR_CONTEXT, head, sizeof(head), &emulator->data,
                          err);
    return same_bytes(c, emulator->lead, emulator->lead_len, "the qemu record's head", err) &&
           same_data(c, &emulator->data, err);
}

bool v2_compare_item(struct v2_comparison *c, const struct image_item *item, struct cls_error *err)
{
    switch (item->kind) {
    case IMAGE_BEGIN:
        return same_begin(c, &item->begin, err);
    case IMAGE_PV_INFO:
        return same_pv_info(c, &item->pv_info, err);
    case IMAGE_P2M_FRAMES:
        return same_p2m_frames(c, &item->p2m_frames, err);
    case IMAGE_PAGES:
        return same_pages(c, &item->pages, err);
    case IMAGE_TSC_INFO:
        return same_tsc_info(c, &item->tsc_info, err);
    case IMAGE_HVM_PARAMS:
        return same_hvm_params(c, &item->hvm_params, err);
    case IMAGE_HVM_CONTEXT:
        return same_whole(c, REC_TYPE_HVM_CONTEXT, NULL, 0, &item->data, err);
    case IMAGE_VCPU_BASIC:
        return same_vcpu(c, REC_TYPE_X86_PV_VCPU_BASIC, &item->vcpu, err);
    case IMAGE_VCPU_EXTENDED:
        return same_vcpu(c, REC_TYPE_X86_PV_VCPU_EXTENDED, &item->vcpu, err);
    case IMAGE_VCPU_XSAVE:
        return same_vcpu(c, REC_TYPE_X86_PV_VCPU_XSAVE, &item->vcpu, err);
    case IMAGE_SHARED_INFO:
        return same_whole(c, REC_TYPE_SHARED_INFO, NULL, 0, &item->data, err);
    case IMAGE_LIBXC_END:
        return same_record(c, REC_TYPE_END, 0, err);
    case IMAGE_PHYSMAP:
        return same_physmap(c, &item->physmap, err);
    case IMAGE_EMULATOR:
        return same_emulator(c, &item->emulator, err);
    case IMAGE_END:
        return c->options.format == V2_LIBXC || same_record(c, LIBXL_REC_TYPE_END, 0, err);
    }
    return cls_fail(err, CLS_SYSTEM, "an image item of unknown kind %d", (int)item->kind);
}
