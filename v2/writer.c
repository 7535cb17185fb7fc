#include "v2/writer.h"

#include "base/bytes.h"
#include "record.h"
#include "v2/format.h"
#include "writer_internal.h"

#define PAGE_DATA_HEAD  8 /* count, reserved */
#define P2M_FRAMES_HEAD 8 /* first and last pfn */
#define VCPU_HEAD       8 /* vcpu id, reserved */
#define HVM_PARAMS_HEAD 8 /* count, reserved */

/* The converter calls itself Xen 0.1 in the domain header, which readers log as "legacy". */
#define CONVERTER_MAJOR 0
#define CONVERTER_MINOR 1

void v2_writer_init(struct v2_writer *w, struct cls_output *out, const struct v2_options *options)
{
    *w = (struct v2_writer){.out = out, .options = *options};
}

void v2_libxl_start(uint8_t b[V2_LIBXL_START])
{
    put_be64(b, LIBXL_HDR_IDENT);
    put_be32(b + 8, LIBXL_HDR_VERSION);
    put_be32(b + 12, LIBXL_HDR_OPT_LEGACY);
    put_le32(b + 16, LIBXL_REC_TYPE_LIBXC_CONTEXT);
    put_le32(b + 20, 0);
}

bool v2_writer_start(struct v2_writer *w, struct cls_error *err)
{
    uint8_t b[V2_LIBXL_START];

    w->started = true;
    if (w->options.format != V2_LIBXL)
        return true;
    v2_libxl_start(b);
    return cls_output_write(w->out, b, sizeof(b), err);
}

static bool put_static_data_end(struct v2_writer *w, struct cls_error *err)
{
    return w->options.version < 3 ||
           record_put(w->out, REC_TYPE_STATIC_DATA_END, NULL, 0, NULL, err);
}

static bool put_begin(struct v2_writer *w, const struct image_begin *begin, struct cls_error *err)
{
    uint8_t ihdr[IHDR_SIZE] = {0}, dhdr[DHDR_SIZE] = {0};
    bool hvm = begin->guest == GUEST_HVM;

    if (!w->started && !v2_writer_start(w, err))
        return false;
    put_be64(ihdr, IHDR_MARKER);
    put_be32(ihdr + 8, IHDR_ID);
    put_be32(ihdr + 12, w->options.version);
    /* The options behind the version are 0: little endian. */
    put_le32(dhdr, hvm ? DHDR_TYPE_X86_HVM : DHDR_TYPE_X86_PV);
    put_le16(dhdr + 4, DHDR_PAGE_SHIFT);
    put_le32(dhdr + 8, CONVERTER_MAJOR);
    put_le32(dhdr + 12, CONVERTER_MINOR);
    return cls_output_write(w->out, ihdr, sizeof(ihdr), err) &&
           cls_output_write(w->out, dhdr, sizeof(dhdr), err) &&
           (!hvm || put_static_data_end(w, err));
}

static bool put_pv_info(struct v2_writer *w, const struct image_pv_info *info,
                        struct cls_error *err)
{
    uint8_t b[8] = {(uint8_t)info->guest_width, (uint8_t)info->pt_levels};

    return record_put(w->out, REC_TYPE_X86_PV_INFO, b, sizeof(b), NULL, err) &&
           put_static_data_end(w, err);
}

static bool put_p2m_frames(struct v2_writer *w, const struct image_p2m_frames *frames,
                           struct cls_error *err)
{
    uint8_t b[8];

    if (frames->first == 0) {
        put_le32(b, 0);
        put_le32(b + 4, (uint32_t)(frames->p2m_size - 1));
        if (!record_begin(w->out, REC_TYPE_X86_PV_P2M_FRAMES,
                          P2M_FRAMES_HEAD + (uint64_t)frames->total * 8, err) ||
            !cls_output_write(w->out, b, sizeof(b), err))
            return false;
    }
    for (uint32_t i = 0; i < frames->count; i++) {
        put_le64(b, frames->frames[i]);
        if (!cls_output_write(w->out, b, sizeof(b), err))
            return false;
    }
    return true;
}

static bool put_pages(struct v2_writer *w, const struct image_pages *pages, struct cls_error *err)
{
    uint8_t head[PAGE_DATA_HEAD + CLS_BATCH_MAX * 8];
    size_t head_len = PAGE_DATA_HEAD + (size_t)pages->count * 8;

    put_le32(head, pages->count);
    put_le32(head + 4, 0);
    for (uint32_t i = 0; i < pages->count; i++) {
        uint64_t type = pages->entries[i] >> 28, pfn = pages->entries[i] & 0x0fffffff;

        put_le64(head + PAGE_DATA_HEAD + (size_t)i * 8, type << PAGE_DATA_TYPE_SHIFT | pfn);
    }
    return record_begin(w->out, REC_TYPE_PAGE_DATA, head_len + pages->data.len, err) &&
           cls_output_write(w->out, head, head_len, err) &&
           put_data(w->out, &pages->data, "page data", err);
}

static bool put_tsc_info(struct v2_writer *w, const struct image_tsc_info *tsc,
                         struct cls_error *err)
{
    uint8_t b[24] = {0};

    put_le32(b, tsc->mode);
    put_le32(b + 4, tsc->khz);
    put_le64(b + 8, tsc->nsec);
    put_le32(b + 16, tsc->incarnation);
    return record_put(w->out, REC_TYPE_X86_TSC_INFO, b, sizeof(b), NULL, err);
}

static bool put_hvm_params(struct v2_writer *w, const struct image_hvm_params *params,
                           struct cls_error *err)
{
    uint8_t b[16];

    put_le32(b, params->count);
    put_le32(b + 4, 0);
    if (!record_begin(w->out, REC_TYPE_HVM_PARAMS, HVM_PARAMS_HEAD + (uint64_t)params->count * 16,
                      err) ||
        !cls_output_write(w->out, b, HVM_PARAMS_HEAD, err))
        return false;
    for (uint32_t i = 0; i < params->count; i++) {
        put_le64(b, params->params[i].index);
        put_le64(b + 8, params->params[i].value);
        if (!cls_output_write(w->out, b, sizeof(b), err))
            return false;
    }
    return true;
}

static bool put_vcpu(struct v2_writer *w, uint32_t type, const struct image_vcpu *vcpu,
                     struct cls_error *err)
{
    uint8_t head[VCPU_HEAD];

    put_le32(head, vcpu->id);
    put_le32(head + 4, 0);
    return record_put(w->out, type, head, sizeof(head), &vcpu->data, err);
}

static bool put_end(struct v2_writer *w, struct cls_error *err)
{
    return w->options.format == V2_LIBXC ||
           record_put(w->out, LIBXL_REC_TYPE_END, NULL, 0, NULL, err);
}

bool v2_writer_put(struct v2_writer *w, const struct image_item *item, struct cls_error *err)
{
    switch (item->kind) {
    case IMAGE_BEGIN:
        return put_begin(w, &item->begin, err);
    case IMAGE_PV_INFO:
        return put_pv_info(w, &item->pv_info, err);
    case IMAGE_P2M_FRAMES:
        return put_p2m_frames(w, &item->p2m_frames, err);
    case IMAGE_PAGES:
        return put_pages(w, &item->pages, err);
    case IMAGE_TSC_INFO:
        return put_tsc_info(w, &item->tsc_info, err);
    case IMAGE_HVM_PARAMS:
        return put_hvm_params(w, &item->hvm_params, err);
    case IMAGE_HVM_CONTEXT:
        return record_put(w->out, REC_TYPE_HVM_CONTEXT, NULL, 0, &item->data, err);
    case IMAGE_VCPU_BASIC:
        return put_vcpu(w, REC_TYPE_X86_PV_VCPU_BASIC, &item->vcpu, err);
    case IMAGE_VCPU_EXTENDED:
        return put_vcpu(w, REC_TYPE_X86_PV_VCPU_EXTENDED, &item->vcpu, err);
    case IMAGE_VCPU_XSAVE:
        return put_vcpu(w, REC_TYPE_X86_PV_VCPU_XSAVE, &item->vcpu, err);
    case IMAGE_SHARED_INFO:
        return record_put(w->out, REC_TYPE_SHARED_INFO, NULL, 0, &item->data, err);
    case IMAGE_LIBXC_END:
        return record_put(w->out, REC_TYPE_END, NULL, 0, NULL, err);
    case IMAGE_PHYSMAP:
        return put_physmap(w, &item->physmap, err);
    case IMAGE_EMULATOR:
        return put_emulator(w, &item->emulator, err);
    case IMAGE_END:
        return put_end(w, err);
    }
    return cls_fail(err, CLS_SYSTEM, "an image item of unknown kind %d", (int)item->kind);
}
