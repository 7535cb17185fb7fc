#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "model.h"

#define PAGE ((size_t)4096)

struct v2 {
    const uint8_t *bytes;
    size_t pos, end;
    struct model_guest *guest;
};

/* Returns NULL if the next record is incomplete. */
static const uint8_t *next_record(struct v2 *v, uint32_t *type, uint32_t *len)
{
    const uint8_t *body = v->bytes + v->pos + 8;
    size_t left = v->end - v->pos, padded;

    if (left < 8)
        return NULL;
    *type = get_le32(v->bytes + v->pos);
    *len = get_le32(v->bytes + v->pos + 4);
    padded = ((size_t)*len + 7) & ~(size_t)7;
    if (padded > left - 8)
        return NULL;
    v->pos += 8 + padded;
    return body;
}

static bool read_pages(struct model_guest *guest, const uint8_t *body, uint32_t len)
{
    uint32_t count = len >= 8 ? get_le32(body) : 0;
    const uint8_t *data;

    if (count == 0 || count > (len - 8) / 8)
        return false;
    data = body + 8 + 8 * (size_t)count;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t entry = get_le64(body + 8 + 8 * (size_t)i), pfn = entry & 0xfffffffffffff;
        unsigned type = entry >> 60;
        struct model_page *page;

        if (type == 0xf || (type >= 5 && type <= 8))
            return false;
        guest->beyond |= pfn >= MODEL_PFNS;
        page = &guest->pages[pfn % MODEL_PFNS];
        page->known = true;
        page->type = (uint8_t)type;
        if (type >= 0xd)
            continue;
        if ((size_t)(body + len - data) < PAGE)
            return false;
        page->data = data;
        data += PAGE;
    }
    return data == body + len;
}

static bool read_frames(struct model_guest *guest, const uint8_t *body, uint32_t len)
{
    if (len < 8 || get_le32(body) != 0 || guest->guest_width == 0)
        return false;
    guest->p2m_size = (uint64_t)get_le32(body + 4) + 1;
    guest->frames = (struct model_blob){body + 8, len - 8};
    return true;
}

static bool read_params(struct model_guest *guest, const uint8_t *body, uint32_t len)
{
    uint32_t count = len >= 8 ? get_le32(body) : UINT32_MAX;

    if ((uint64_t)count * 16 + 8 != len)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t index = get_le64(body + 8 + 16 * (size_t)i);

        if (index >= MODEL_PARAMS || guest->has_param[index])
            return false;
        guest->has_param[index] = true;
        guest->params[index] = get_le64(body + 16 + 16 * (size_t)i);
    }
    return true;
}

static bool read_vcpu(struct model_guest *guest, uint32_t type, const uint8_t *body, uint32_t len)
{
    struct model_blob *blob;
    uint32_t id = len >= 8 ? get_le32(body) : UINT32_MAX;

    guest->beyond |= id >= MODEL_VCPUS;
    if (guest->beyond)
        return len >= 8;
    blob = type == 4   ? &guest->vcpus[id].basic
           : type == 5 ? &guest->vcpus[id].extended
                       : &guest->vcpus[id].xsave;
    if (blob->at)
        return false;
    *blob = (struct model_blob){body + 8, len - 8};
    return true;
}

static bool read_tsc(struct model_guest *guest, const uint8_t *body, uint32_t len)
{
    if (len != 24)
        return false;
    guest->has_tsc = true;
    guest->tsc_mode = get_le32(body);
    guest->tsc_khz = get_le32(body + 4);
    guest->tsc_nsec = get_le64(body + 8);
    guest->tsc_incarnation = get_le32(body + 16);
    return true;
}

static bool take_record(struct model_guest *guest, uint32_t type, const uint8_t *body, uint32_t len)
{
    switch (type) {
    case 1:
        return read_pages(guest, body, len);
    case 2:
        guest->guest_width = len == 8 ? body[0] : 0;
        return len == 8 && ((body[0] == 4 && body[1] == 3) || (body[0] == 8 && body[1] == 4));
    case 3:
        return read_frames(guest, body, len);
    case 4:
    case 5:
    case 6:
        return read_vcpu(guest, type, body, len);
    case 7:
        guest->shared_info = (struct model_blob){body, len};
        return len == PAGE;
    case 8:
        return read_tsc(guest, body, len);
    case 9:
        guest->context = (struct model_blob){body, len};
        return len > 0;
    case 10:
        return read_params(guest, body, len);
    case 16:
        return len == 0;
    default:
        return false;
    }
}

static bool read_libxc(struct v2 *v)
{
    static const uint8_t start[16] = {255, 255, 255, 255, 255, 255, 255, 255,
                                      'X', 'E', 'N', 'F', 0,   0,   0};
    const uint8_t *head = v->bytes + v->pos;
    uint32_t type, len;

    if (v->end - v->pos < 40 || memcmp(head, start, 15) != 0 || (head[15] != 2 && head[15] != 3) ||
        get_le16(head + 28) != 12)
        return false;
    v->guest->hvm = get_le32(head + 24) == 2;
    v->pos += 40;
    for (;;) {
        const uint8_t *body = next_record(v, &type, &len);

        if (!body || (type != 0 && !take_record(v->guest, type, body, len)))
            return false;
        if (type == 0)
            return len == 0;
    }
}

static bool read_libxl(struct v2 *v)
{
    uint32_t type, len;
    const uint8_t *body;

    v->pos += 16;
    body = next_record(v, &type, &len);
    if (!body || type != 1 || len != 0 || !read_libxc(v))
        return false;
    while ((body = next_record(v, &type, &len)) != NULL) {
        if (type == 0)
            return len == 0 && v->pos == v->end;
        if ((type != 2 && type != 3) || len < 8)
            return false;
        *(type == 2 ? &v->guest->xenstore : &v->guest->emulator) =
            (struct model_blob){body + 8, len - 8};
    }
    return false;
}

/* The qemu record after a libxc stream: signature, optional length, data. */
static bool read_qemu(struct v2 *v)
{
    const uint8_t *at = v->bytes + v->pos;
    size_t left = v->end - v->pos, head = 25;

    if (left == 0)
        return true;
    if (left < 21)
        return false;
    if (memcmp(at, "QemuDeviceModelRecord", 21) == 0)
        head = left > 21 && at[21] == '\n' ? 26 : 21;
    if (left < head)
        return false;
    v->guest->emulator = (struct model_blob){at + head, left - head};
    return head == 21 || left - head == (head == 25 ? get_le32(at + 21) : get_be32(at + 22));
}

static bool read_stream(struct model_guest *guest, const uint8_t *bytes, size_t n)
{
    struct v2 v = {.bytes = bytes, .end = n, .guest = guest};

    memset(guest, 0, sizeof(*guest));
    if (n >= 16 && memcmp(bytes, "LibxlFmt", 8) == 0)
        return read_libxl(&v);
    return read_libxc(&v) && read_qemu(&v);
}

/* XAPI: u64 type, u64 length, content; a libxc stream follows a record of length 0. */
static bool read_xapi(struct v2 *v)
{
    bool stream = false;

    while (v->end - v->pos >= 16) {
        uint64_t type = get_le64(v->bytes + v->pos), len = get_le64(v->bytes + v->pos + 8);

        v->pos += 16;
        if (len > v->end - v->pos)
            return false;
        if (type == 0xf00)
            v->guest->emulator = (struct model_blob){v->bytes + v->pos, (size_t)len};
        v->pos += (size_t)len;
        if (type == 0xf0 && (stream || len != 0 || !read_libxc(v)))
            return false;
        stream |= type == 0xf0;
        if (type == 0xffff)
            return stream && v->pos == v->end;
        if (type != 0xf && type != 0xf0 && type != 0xf00)
            return false;
    }
    return false;
}

bool model_new_save(struct model_guest *guest, const uint8_t *bytes, size_t n)
{
    size_t start = 0;

    if (n > 64 && memcmp(bytes, "Xen saved domain, xl format", 27) == 0)
        start = get_le32(bytes + 36) & 2 ? 48 + (size_t)get_le32(bytes + 44) : n;
    else if (n > 64 && memcmp(bytes, "libvirt-xml", 11) == 0)
        start = get_le32(bytes + 16) == 2 ? 64 + (size_t)get_le32(bytes + 20) : n;
    if (n > 15 && memcmp(bytes, "XenSavedDomv2-\n", 15) == 0) {
        memset(guest, 0, sizeof(*guest));
        return read_xapi(&(struct v2){.bytes = bytes, .pos = 15, .end = n, .guest = guest});
    }
    return start < n && read_stream(guest, bytes + start, n - start);
}

static bool same(const struct model_blob *a, const struct model_blob *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->at, b->at, a->len) == 0);
}

static const char *pages_difference(const struct model_guest *a, const struct model_guest *b)
{
    static char what[80];

    for (unsigned pfn = 0; pfn < MODEL_PFNS; pfn++) {
        const struct model_page *x = &a->pages[pfn], *y = &b->pages[pfn];

        if (x->known != y->known || x->type != y->type || !x->data != !y->data) {
            snprintf(what, sizeof(what), "page %#x: type %d, not %d; %s content", pfn,
                     y->known ? y->type : -1, x->known ? x->type : -1, y->data ? "with" : "no");
            return what;
        }
        if (x->data && memcmp(x->data, y->data, PAGE) != 0) {
            snprintf(what, sizeof(what), "page %#x, type %d: content", pfn, x->type);
            return what;
        }
    }
    return NULL;
}

static bool same_vcpus(const struct model_guest *a, const struct model_guest *b)
{
    for (unsigned id = 0; id < MODEL_VCPUS; id++)
        if (!same(&a->vcpus[id].basic, &b->vcpus[id].basic) ||
            !same(&a->vcpus[id].extended, &b->vcpus[id].extended) ||
            !same(&a->vcpus[id].xsave, &b->vcpus[id].xsave))
            return false;
    return true;
}

static bool same_params(const struct model_guest *a, const struct model_guest *b)
{
    for (unsigned i = 0; i < MODEL_PARAMS; i++)
        if (a->has_param[i] != b->has_param[i] || (a->has_param[i] && a->params[i] != b->params[i]))
            return false;
    return true;
}

static bool same_tsc(const struct model_guest *a, const struct model_guest *b)
{
    return a->has_tsc == b->has_tsc && a->tsc_mode == b->tsc_mode && a->tsc_khz == b->tsc_khz &&
           a->tsc_nsec == b->tsc_nsec && a->tsc_incarnation == b->tsc_incarnation;
}

const char *model_difference(const struct model_guest *a, const struct model_guest *b)
{
    if (a->hvm != b->hvm)
        return "guest type";
    if (!a->hvm && a->guest_width != b->guest_width)
        return "guest width";
    if (!a->hvm && a->p2m_size != b->p2m_size)
        return "p2m_size";
    if (!same(&a->frames, &b->frames))
        return "p2m frames";
    if (!same_vcpus(a, b))
        return "vcpus";
    if (!same(&a->shared_info, &b->shared_info))
        return "shared info";
    if (!same_tsc(a, b))
        return "TSC info";
    if (!same_params(a, b))
        return "HVM parameters";
    if (!same(&a->context, &b->context))
        return "HVM context";
    if (!same(&a->xenstore, &b->xenstore))
        return "xenstore entries";
    if (!same(&a->emulator, &b->emulator))
        return "emulator";
    return pages_difference(a, b);
}
