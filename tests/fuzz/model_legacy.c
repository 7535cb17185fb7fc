#include <string.h>

#include "base/bytes.h"
#include "model.h"

#define PAGE      ((size_t)4096)
#define BATCH_MAX 1024
#define MEMORY    ((size_t)4 * 1024 * 1024)

enum { BROKEN = 0xd, XALLOC = 0xe, XTAB = 0xf };

/* The position of the decoder. Reads beyond the end set a flag and give zeros. */
struct at {
    const uint8_t *bytes;
    size_t pos, end;
    bool bad, unsure;
};

/* A page of a compressed body, which is decoded later. */
struct coded {
    uint32_t pfn;
    bool table;
};

struct legacy {
    struct at at;
    const struct model_hints *hints;
    struct model_guest *guest;
    bool extended, xsave, compressed, will_compress, last, verifying, has_vcpu_info;
    uint8_t map[MODEL_VCPUS];
    const uint8_t *cached[MODEL_PFNS];
    struct coded coded[4096];
    unsigned coded_count;
    uint8_t codes[1024 * 1024];
    size_t codes_len;
    bool tables_of_three; /* or more */
    bool tables, any_data;
};

static uint8_t memory[MEMORY];
static size_t used;

uint8_t *model_alloc(size_t n)
{
    used = (used + 15) & ~(size_t)15;
    if (n > MEMORY - used)
        __builtin_trap();
    used += n;
    return memory + used - n;
}

static const uint8_t *take(struct at *at, uint64_t n)
{
    static const uint8_t zeros[8192];

    if (at->bad || n > at->end - at->pos) {
        at->bad = true;
        return n <= sizeof(zeros) ? zeros : NULL;
    }
    at->pos += (size_t)n;
    return at->bytes + at->pos - n;
}

static uint32_t take_u32(struct at *at)
{
    return get_le32(take(at, 4));
}

static uint64_t take_u64(struct at *at)
{
    return get_le64(take(at, 8));
}

static uint64_t take_ulong(struct legacy *l)
{
    return l->hints->width == 8 ? take_u64(&l->at) : take_u32(&l->at);
}

static struct model_blob take_blob(struct at *at, uint64_t n)
{
    const uint8_t *bytes = take(at, n);

    return (struct model_blob){bytes, (size_t)n};
}

static void read_extended_info(struct legacy *l)
{
    uint32_t total = take_u32(&l->at);
    struct at in = l->at;

    if (!take(&l->at, total))
        return;
    if (l->at.bad)
        return;
    in.end = in.pos + total;
    while (in.pos < in.end && !in.bad) {
        const uint8_t *id = take(&in, 4);
        uint32_t size = take_u32(&in);
        struct model_blob block = take_blob(&in, size);

        if (in.bad)
            break;
        if (memcmp(id, "vcpu", 4) == 0) {
            l->guest->guest_width = size == 2800 ? 4 : 8;
            in.bad |= size != 2800 && size != 5168;
        } else if (memcmp(id, "extv", 4) == 0) {
            l->extended = true;
        } else if (memcmp(id, "xcnt", 4) == 0) {
            in.bad |= size != 4;
            l->xsave = !in.bad && get_le32(block.at) != 0;
            in.unsure |= !l->xsave;
        }
    }
    l->at.bad |= in.bad;
    l->at.unsure |= in.unsure;
}

static void read_frames(struct legacy *l, uint64_t first)
{
    size_t per_frame = PAGE / l->guest->guest_width;
    size_t count = (size_t)((l->guest->p2m_size + per_frame - 1) / per_frame);
    uint8_t *frames;

    if (l->at.bad || (l->at.end - l->at.pos) / l->hints->width + 1 < count) {
        l->at.bad = true;
        return;
    }
    frames = model_alloc(count * 8);
    for (size_t i = 0; i < count; i++) {
        uint64_t frame = i == 0 ? first : take_ulong(l);

        l->at.bad |= frame >= l->guest->p2m_size;
        put_le64(frames + i * 8, frame);
    }
    l->guest->frames = (struct model_blob){frames, count * 8};
}

static void read_header(struct legacy *l)
{
    uint64_t first;

    l->guest->p2m_size = take_ulong(l);
    l->at.bad |= l->guest->p2m_size == 0 || l->guest->p2m_size > 0x0fffffff;
    l->guest->guest_width = l->hints->width;
    if (l->hints->hvm || l->at.bad)
        return;
    first = take_ulong(l);
    if (first == (l->hints->width == 8 ? UINT64_MAX : UINT32_MAX)) {
        read_extended_info(l);
        first = take_ulong(l);
    }
    read_frames(l, first);
}

static void note_type(struct legacy *l, unsigned type)
{
    unsigned level = type & 7;

    if (type >= BROKEN || level == 0)
        return;
    l->tables = true;
    l->tables_of_three |= level >= 3;
    l->at.unsure |= l->hints->hvm; /* HVM guests have no page tables */
}

static void set_page(struct legacy *l, uint32_t pfn, unsigned type, const uint8_t *data)
{
    struct model_page *page;

    if (pfn >= MODEL_PFNS) {
        l->at.unsure = true;
        return;
    }
    page = &l->guest->pages[pfn];
    /* In verify mode the old restore code compared pages and changed nothing. */
    l->at.unsure |= l->verifying && page->known && page->type != type;
    l->at.unsure |= l->verifying && data && page->data && memcmp(page->data, data, PAGE) != 0;
    page->known = true;
    page->type = (uint8_t)type;
    if (data)
        page->data = data;
}

static void read_batch(struct legacy *l, uint32_t count)
{
    uint64_t entries[BATCH_MAX];

    for (uint32_t i = 0; i < count; i++)
        entries[i] = take_ulong(l);
    for (uint32_t i = 0; i < count && !l->at.bad; i++) {
        uint32_t pfn = entries[i] & 0x0fffffff;
        unsigned type = entries[i] >> 28 & 0xf;
        bool data = type < BROKEN;
        uint32_t upper = (uint32_t)(entries[i] >> 32);

        l->at.bad |= type >= 5 && type <= 8;
        if (type == XTAB)
            continue;
        l->at.bad |= upper != 0 && (upper != UINT32_MAX || type < 8);
        l->at.unsure |= pfn >= l->guest->p2m_size;
        note_type(l, type);
        l->any_data |= data;
        if (!data) {
            set_page(l, pfn, type, NULL);
        } else if (!l->compressed) {
            set_page(l, pfn, type, take(&l->at, PAGE));
        } else if (l->coded_count < sizeof(l->coded) / sizeof(l->coded[0])) {
            /* Set the type now, and the content when the body is complete. */
            set_page(l, pfn, type, NULL);
            l->coded[l->coded_count++] = (struct coded){pfn, type != 0};
        } else {
            l->at.unsure = true;
        }
    }
}

static void read_vcpu_info(struct legacy *l)
{
    uint32_t max_id = take_u32(&l->at);

    if (max_id >= 4096) {
        l->at.bad = true;
        return;
    }
    memset(l->map, 0, sizeof(l->map));
    l->has_vcpu_info = true;
    for (uint32_t word = 0; word <= max_id / 64; word++) {
        uint64_t map = take_u64(&l->at);

        for (uint32_t bit = 0; bit < 64 && word * 64 + bit <= max_id; bit++) {
            uint32_t id = word * 64 + bit;

            if (id < MODEL_VCPUS)
                l->map[id] = map >> bit & 1;
            else
                l->at.unsure |= map >> bit & 1;
        }
    }
}

static void read_tmem(struct legacy *l)
{
    uint32_t version = take_u32(&l->at), max_pools = take_u32(&l->at), pool;
    size_t oid = version ? 24 : 8;

    l->at.bad |= version > 1 || take_u32(&l->at) != UINT32_MAX;
    take(&l->at, 12);
    l->at.bad |= take_u32(&l->at) != UINT32_MAX;
    while (!l->at.bad && (pool = take_u32(&l->at)) != UINT32_MAX) {
        uint32_t flags = take_u32(&l->at), pages = take_u32(&l->at);
        size_t size = PAGE << (flags >> 4 & 15);

        l->at.bad |= pool >= max_pools;
        take(&l->at, 16);
        for (uint32_t i = 0; i < pages && !l->at.bad; i++) {
            static const uint8_t end[24] = {255, 255, 255, 255, 255, 255, 255, 255,
                                            255, 255, 255, 255, 255, 255, 255, 255,
                                            255, 255, 255, 255, 255, 255, 255, 255};
            const uint8_t *id = take(&l->at, oid);

            if (!l->at.bad && memcmp(id, end, oid) == 0)
                break;
            take(&l->at, 4);
            l->at.bad |= !take(&l->at, size);
            l->at.unsure |= !l->hints->drop_tmem;
        }
    }
}

static void read_tmem_extra(struct legacy *l)
{
    l->at.unsure |= take_u32(&l->at) != UINT32_MAX;
}

static void read_toolstack(struct legacy *l)
{
    uint32_t len = take_u32(&l->at), count;
    struct at in = l->at;
    size_t out = 0;
    uint8_t *text;

    if (!take(&l->at, len) || l->at.bad) {
        l->at.bad = true;
        return;
    }
    l->guest->xenstore = (struct model_blob){0};
    if (!l->hints->hvm)
        return;
    in.end = in.pos + len;
    l->at.unsure |= take_u32(&in) != 1;
    count = take_u32(&in);
    if (count > MODEL_NAMES) {
        l->at.unsure = true;
        return;
    }
    text = model_alloc(count * 256u + 1);
    for (uint32_t i = 0; i < count && !in.bad; i++) {
        static const char digits[] = "0123456789abcdef";
        uint64_t numbers[3] = {take_u64(&in), take_u64(&in), take_u64(&in)};
        uint32_t name_len = take_u32(&in);
        const uint8_t *name = take(&in, name_len);
        char hex[3][17] = {{0}};

        take(&in, l->hints->width == 8 ? 4 : 0);
        if (in.bad || name_len > 64)
            break;
        for (unsigned k = 0; k < 3; k++) {
            unsigned n = 1;

            while (n < 16 && numbers[k] >> (4 * n))
                n++;
            for (unsigned d = 0; d < n; d++)
                hex[k][d] = digits[numbers[k] >> (4 * (n - 1 - d)) & 15];
        }
        for (unsigned key = 0; key < (name_len ? 3u : 2u); key++) {
            static const char *const keys[] = {"/start_addr", "/size", "/name"};
            const char *value = key < 2 ? hex[1 + key] : (const char *)name;
            size_t value_len = key < 2 ? strlen(value) : strnlen(value, name_len);

            memcpy(text + out, "physmap/", 8);
            out += 8;
            memcpy(text + out, hex[0], strlen(hex[0]));
            out += strlen(hex[0]);
            memcpy(text + out, keys[key], strlen(keys[key]) + 1);
            out += strlen(keys[key]) + 1;
            memcpy(text + out, value, value_len);
            out += value_len;
            text[out++] = 0;
        }
    }
    l->at.unsure |= in.bad || in.pos != in.end;
    l->guest->xenstore = (struct model_blob){out ? text : NULL, out};
}

static void read_param(struct legacy *l, int32_t id)
{
    static const struct {
        int32_t id;
        unsigned index;
    } params[] = {{-3, 12},  {-4, 15},  {-8, 17},  {-10, 19}, {-11, 9},  {-14, 34},
                  {-15, 27}, {-16, 28}, {-17, 29}, {-19, 32}, {-20, 33}, {-21, 36}};
    uint64_t value;

    take(&l->at, 4);
    value = take_u64(&l->at);
    for (unsigned i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
        if (params[i].id != id)
            continue;
        if (l->hints->hvm) {
            l->guest->has_param[params[i].index] = value != 0;
            l->guest->params[params[i].index] = value;
        }
        return;
    }
    l->at.bad = true; /* no such chunk */
}

static void read_tsc(struct legacy *l)
{
    l->guest->has_tsc = true;
    l->guest->tsc_mode = take_u32(&l->at);
    l->guest->tsc_nsec = take_u64(&l->at);
    l->guest->tsc_khz = take_u32(&l->at);
    l->guest->tsc_incarnation = take_u32(&l->at);
}

static void read_compressed(struct legacy *l)
{
    uint64_t size = take_ulong(l);
    const uint8_t *codes = take(&l->at, size);

    l->at.bad |= !codes || !l->compressed;
    if (l->at.bad)
        return;
    if (size > sizeof(l->codes) - l->codes_len) {
        l->at.unsure = true;
        return;
    }
    memcpy(l->codes + l->codes_len, codes, (size_t)size);
    l->codes_len += (size_t)size;
}

/* Decodes runs of changed and unchanged words, until the page is complete. */
static bool decode_runs(struct at *codes, uint8_t marker, uint8_t *page)
{
    size_t words = 0;

    for (;; marker = *take(codes, 1)) {
        size_t run = marker & 0x7f;

        codes->bad |= run == 0 || words + run > PAGE / 4;
        if (codes->bad)
            return false;
        if (marker < 0x80)
            memcpy(page + words * 4, take(codes, run * 4), run * 4);
        words += run;
        if (words == PAGE / 4)
            return !codes->bad;
    }
}

/* Decodes a page. base NULL: it was not in the sender's cache, so it must be uncompressed. */
static const uint8_t *decode(struct legacy *l, struct at *codes, const uint8_t *base)
{
    uint8_t marker = *take(codes, 1);
    uint8_t *page;

    l->at.unsure |= marker != 0x80 && !base;
    if (codes->bad || l->at.unsure)
        return NULL;
    if (marker == 0)
        return base;
    page = model_alloc(PAGE);
    memcpy(page, marker == 0x80 ? take(codes, PAGE) : base, PAGE);
    return (marker == 0x80 ? !codes->bad : decode_runs(codes, marker, page)) ? page : NULL;
}

/* Decodes the pages of a compressed body. Page tables leave the sender's cache first. */
static void read_codes(struct legacy *l)
{
    struct at codes = {.bytes = l->codes, .end = l->codes_len};

    for (unsigned i = 0; i < l->coded_count; i++)
        if (l->coded[i].table && l->coded[i].pfn < MODEL_PFNS)
            l->cached[l->coded[i].pfn] = NULL;
    for (unsigned i = 0; i < l->coded_count && !l->at.unsure; i++) {
        uint32_t pfn = l->coded[i].pfn;
        const uint8_t *page = decode(l, &codes, l->coded[i].table ? NULL : l->cached[pfn]);

        if (!page) {
            l->at.bad |= !l->at.unsure;
            return;
        }
        l->at.unsure |= l->verifying && l->guest->pages[pfn].data &&
                        memcmp(l->guest->pages[pfn].data, page, PAGE);
        l->guest->pages[pfn].data = page;
        l->cached[pfn] = l->coded[i].table ? NULL : page;
    }
    l->at.bad |= codes.pos != codes.end;
}

static void read_body(struct legacy *l)
{
    l->verifying = false;
    l->coded_count = 0;
    l->codes_len = 0;
    for (;;) {
        int32_t id = (int32_t)take_u32(&l->at);

        if (l->at.bad || id == 0)
            break;
        if (id > BATCH_MAX)
            l->at.bad = true;
        else if (id > 0)
            read_batch(l, (uint32_t)id);
        else if (id == -1)
            l->verifying = true;
        else if (id == -2)
            read_vcpu_info(l);
        else if (id == -5)
            read_tmem(l);
        else if (id == -6)
            read_tmem_extra(l);
        else if (id == -7)
            read_tsc(l);
        else if (id == -9)
            l->last = true;
        else if (id == -12)
            read_compressed(l);
        else if (id == -13)
            l->will_compress = true;
        else if (id == -18)
            read_toolstack(l);
        else
            read_param(l, id);
    }
    if (l->compressed && !l->at.bad)
        read_codes(l);
}

/* Returns false if the record extends to the end of the input. */
static bool read_qemu(struct legacy *l)
{
    const uint8_t *signature = take(&l->at, 21);
    bool bounded = true;
    uint32_t len = 0;

    if (l->at.bad)
        return true;
    if (memcmp(signature, "DeviceModelRecord0002", 21) == 0 ||
        memcmp(signature, "RemusDeviceModelState", 21) == 0) {
        len = take_u32(&l->at);
    } else if (memcmp(signature, "QemuDeviceModelRecord", 21) == 0 && l->at.pos < l->at.end &&
               l->at.bytes[l->at.pos] == '\n') {
        take(&l->at, 1);
        len = get_be32(take(&l->at, 4));
    } else if (memcmp(signature, "QemuDeviceModelRecord", 21) == 0) {
        bounded = false;
        len = (uint32_t)(l->at.end - l->at.pos);
    } else {
        l->at.bad = true;
    }
    l->guest->emulator = take_blob(&l->at, len);
    return bounded;
}

static void read_hvm_tail(struct legacy *l)
{
    static const unsigned magic[] = {5, 6, 1};
    uint32_t len;

    for (unsigned i = 0; i < 3; i++) {
        l->guest->params[magic[i]] = take_u64(&l->at);
        l->guest->has_param[magic[i]] = true;
    }
    len = take_u32(&l->at);
    l->guest->context = take_blob(&l->at, len);
    l->at.bad |= len == 0;
    l->last |= l->hints->no_emulator || !read_qemu(l);
}

static void read_vcpu(struct legacy *l, struct model_vcpu *vcpu)
{
    size_t size = l->guest->guest_width == 8 ? 5168 : 2800;

    *vcpu = (struct model_vcpu){0};
    vcpu->basic = take_blob(&l->at, size);
    if (!l->at.bad && !l->has_vcpu_info) {
        uint8_t *basic = model_alloc(size);

        memcpy(basic, vcpu->basic.at, size);
        basic[512] |= 1 << 5; /* flags: VGCF_online */
        vcpu->basic.at = basic;
    }
    if (l->extended)
        vcpu->extended = take_blob(&l->at, 128);
    if (l->xsave) {
        uint64_t len;

        take(&l->at, 8);
        len = take_u64(&l->at);
        l->at.unsure |= len < 16 || len > 16384;
        vcpu->xsave = take_blob(&l->at, len);
    }
}

static void read_pv_tail(struct legacy *l)
{
    uint32_t unmapped = take_u32(&l->at);

    memset(l->guest->given_back, 0, sizeof(l->guest->given_back));
    memset(l->guest->vcpus, 0, sizeof(l->guest->vcpus));
    for (uint32_t i = 0; i < unmapped && !l->at.bad; i++) {
        uint64_t pfn = take_ulong(l);

        if (pfn < MODEL_PFNS)
            l->guest->given_back[pfn] = true;
    }
    l->at.bad |= !l->map[0];
    for (unsigned id = 0; id < MODEL_VCPUS && !l->at.bad; id++)
        if (l->map[id])
            read_vcpu(l, &l->guest->vcpus[id]);
    l->guest->shared_info = take_blob(&l->at, PAGE);
}

static void read_checkpoint(struct legacy *l)
{
    read_body(l);
    if (l->at.bad)
        return;
    if (l->hints->hvm)
        read_hvm_tail(l);
    else
        read_pv_tail(l);
}

/* Xen 4.5 ignores an ACPI location other than 1, and half a description of the IOREQ server. */
static void drop_params(struct model_guest *guest)
{
    guest->has_param[19] &= guest->params[19] == 1;
    guest->has_param[32] = guest->has_param[33] = guest->has_param[32] && guest->has_param[33];
}

/* Detects properties of a complete guest that prevent its conversion. */
static void judge(struct legacy *l)
{
    drop_params(l->guest);
    if (l->hints->hvm)
        return;
    l->at.bad |= !l->any_data;
    l->at.bad |= l->hints->width == 4 && l->tables && !l->tables_of_three;
    l->at.unsure |= !l->tables; /* two levels or three? */
}

enum model_verdict model_legacy(struct model_guest *guest, const struct model_hints *hints,
                                const uint8_t *bytes, size_t n)
{
    static struct legacy l, before;
    static struct model_guest guest_before;

    used = 0;
    memset(guest, 0, sizeof(*guest));
    memset(&l, 0, offsetof(struct legacy, coded));
    l.at = (struct at){.bytes = bytes, .end = n};
    l.hints = hints;
    l.guest = guest;
    l.map[0] = 1;
    l.codes_len = 0;
    l.tables = l.tables_of_three = l.any_data = false;
    guest->hvm = hints->hvm;
    read_header(&l);
    if (!l.at.bad)
        read_checkpoint(&l);
    while (!l.at.bad && !l.at.unsure && !l.last && hints->checkpoints && l.at.pos < l.at.end) {
        memcpy(&before, &l, offsetof(struct legacy, coded));
        guest_before = *guest;
        l.compressed = l.will_compress;
        read_checkpoint(&l);
        if (!l.at.bad)
            continue;
        /* The rest is incomplete, or no checkpoint, or one that cannot be applied. */
        l.at = before.at;
        l.at.unsure = true;
        *guest = guest_before;
        break;
    }
    judge(&l);
    return l.at.unsure ? MODEL_UNSURE : l.at.bad ? MODEL_BAD : MODEL_SOUND;
}
