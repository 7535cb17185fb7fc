#include "build_stream.h"

#include <string.h>

#define PAGES_MAX                 24 /* in a batch; more do not test more code */
#define CODES_MAX                 ((size_t)128 * 1024)
#define PAGE_SIZE                 4096
#define PENDING_MAX               640
#define CONTEXT_SIZE(guest_width) ((guest_width) == 8 ? 5168u : 2800u)

enum { L3TAB = 3, L4TAB = 4, PINNED = 8, BROKEN = 0xd, XTAB = 0xf };

/* A page whose content is written later, as compressed data. */
struct pending {
    uint32_t pfn;
    bool table;
};

struct build {
    struct choices *c;
    const struct stream_shape *shape;
    struct bytes b;
    uint32_t p2m_size, vcpus;
    bool compressed, verifying;
    struct pending pending[PENDING_MAX];
    uint32_t pending_count;
    uint32_t content[STREAM_PFNS]; /* seed of the page's content; 0: not sent yet */
    uint32_t contents;
    bool cached[STREAM_PFNS]; /* by the sender, so changes can be encoded */
};

static void put_ulong(struct build *s, uint64_t v)
{
    if (s->shape->width == 8)
        put_u64(&s->b, v);
    else
        put_u32(&s->b, (uint32_t)v);
}

static void put_filler(struct bytes *b, size_t n, uint8_t number)
{
    size_t from = b->n;

    put(b, NULL, n);
    if (b->n > from)
        b->at[from] = number;
}

void choose_shape(struct choices *c, struct stream_shape *shape)
{
    uint8_t bits = choose(c), more = choose(c);

    shape->width = bits & 1 ? 4 : 8;
    shape->guest_width = bits & 2 ? 4 : shape->width;
    shape->hvm = bits & 4;
    shape->extended_info = !shape->hvm && more < 0xe0;
    shape->extended = shape->extended_info && bits & 8;
    shape->xsave = shape->extended_info && bits & 16;
    if (!shape->extended_info)
        shape->guest_width = shape->width;
    shape->compressed = bits & 32;
    shape->further_checkpoints = bits >> 6;
    shape->signature = (enum qemu_signature)(more % QEMU_SIGNATURES);
    if (shape->signature == QEMU_XEND || shape->signature == QEMU_XAPI)
        shape->further_checkpoints = 0;
}

static void put_extended_info(struct build *s)
{
    uint32_t context = CONTEXT_SIZE(s->shape->guest_width);
    uint32_t total = 8 + context + (s->shape->extended ? 8 : 0) + (s->shape->xsave ? 12 : 0);

    put_ulong(s, UINT64_MAX);
    put_u32(&s->b, vary(s->c, total));
    put(&s->b, "vcpu", 4);
    put_u32(&s->b, vary(s->c, context));
    put(&s->b, NULL, context);
    if (s->shape->extended) {
        put(&s->b, "extv", 4);
        put_u32(&s->b, vary(s->c, 0));
    }
    if (s->shape->xsave) {
        put(&s->b, "xcnt", 4);
        put_u32(&s->b, vary(s->c, 4));
        put_u32(&s->b, 16 + 592);
    }
}

static void put_header(struct build *s)
{
    uint32_t frames;

    s->p2m_size = 64 + 16u * choose(s->c);
    frames = (s->p2m_size - 1) / (PAGE_SIZE / s->shape->guest_width) + 1;
    put_ulong(s, vary(s->c, s->p2m_size));
    if (s->shape->hvm)
        return;
    if (s->shape->extended_info)
        put_extended_info(s);
    for (uint32_t i = 0; i < frames; i++)
        put_ulong(s, vary(s->c, i + 1));
}

static bool has_data(uint32_t type)
{
    return type < BROKEN;
}

/* A type that savers write for this kind of guest; 0 is a plain page. */
static uint32_t choose_type(struct build *s, uint32_t pfn)
{
    static const uint8_t pv[] = {0, 1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 15}, hvm[] = {0, 13, 14, 15};
    uint8_t by = choose(s->c);
    uint32_t type;

    if (by >= 0xf8 && !s->c->only_valid) {
        s->c->has_invalid = true;
        return by & 0xf;
    }
    type = s->shape->hvm ? hvm[by % sizeof(hvm)] : pv[by % sizeof(pv)];
    if (s->shape->guest_width == 4 && (type & ~(uint32_t)PINNED) == L4TAB)
        type--;
    /* The sender removes page tables from its cache, so keep cached pages plain. */
    return s->compressed && has_data(type) && type != 0 && s->cached[pfn % STREAM_PFNS] ? 0 : type;
}

static void put_page(struct build *s, uint32_t pfn)
{
    uint32_t *content = &s->content[pfn % STREAM_PFNS];
    size_t from = s->b.n;

    if (!s->verifying || *content == 0)
        *content = ++s->contents;
    put(&s->b, NULL, PAGE_SIZE);
    if (s->b.n == from + PAGE_SIZE)
        memcpy(s->b.at + from + 16 * (*content % 256), content, sizeof(*content));
}

static void put_entry(struct build *s, uint32_t type, uint32_t pfn)
{
    uint64_t entry = (uint64_t)type << 28 | pfn;

    /* Xen 3.0 wrote page types as signed values. */
    if (type & PINNED && s->shape->width == 8 && (type < BROKEN || type == XTAB) && pfn % 16 == 5)
        entry |= 0xffffffff00000000u;
    if (type == XTAB && pfn % 4 == 1)
        entry |= 0x0fff0000u;
    put_ulong(s, entry);
}

static void put_batch(struct build *s, bool first)
{
    uint32_t count = 1 + choose(s->c) % PAGES_MAX, base = 16u * choose(s->c), pages = 0;
    uint32_t data[PAGES_MAX];

    put_u32(&s->b, vary(s->c, count));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t pfn = (base + i + choose(s->c) % 32) % s->p2m_size;
        uint32_t type = choose_type(s, pfn);

        if (first && i == 0) /* an L3 table shows that a PV guest has three levels */
            type = s->shape->hvm ? 0 : L3TAB;
        put_entry(s, type, vary(s->c, pfn));
        if (!has_data(type))
            continue;
        data[pages++] = pfn;
        if (s->compressed && s->pending_count < PENDING_MAX)
            s->pending[s->pending_count++] = (struct pending){pfn, type != 0};
    }
    for (uint32_t i = 0; i < pages && !s->compressed; i++)
        put_page(s, data[i]);
}

static void put_run(struct build *s, struct bytes *codes, bool copy, uint32_t words)
{
    uint8_t marker = (uint8_t)(words | (copy ? 0 : 0x80));

    put(codes, &marker, 1);
    if (copy)
        put_filler(codes, (size_t)words * 4, (uint8_t)++s->contents);
}

/* Encodes a page: uncompressed, unchanged, or as runs. */
static void put_code(struct build *s, struct bytes *codes, const struct pending *page)
{
    bool *cached = &s->cached[page->pfn % STREAM_PFNS];
    uint8_t by = choose(s->c);
    uint32_t left = PAGE_SIZE / 4;
    bool whole = by < 0x40 || by == 0x80;

    if (!whole && (page->table || !*cached)) {
        s->c->has_invalid |= !s->c->only_valid;
        whole = s->c->only_valid;
    }
    *cached = !page->table;
    if (whole) {
        put(codes, "\x80", 1);
        put_filler(codes, PAGE_SIZE, (uint8_t)++s->contents);
        return;
    }
    if (by < 0x60) {
        put(codes, "\0", 1);
        return;
    }
    while (left > 0) {
        uint8_t by_run = choose(s->c);
        uint32_t run = by_run % 127 + 1u;

        if (run > left && (by_run < 0xf8 || s->c->only_valid))
            run = left;
        s->c->has_invalid |= run > left;
        put_run(s, codes, by_run < 0x80, run);
        left -= run < left ? run : left;
    }
}

static void put_chunk_id(struct build *s, unsigned number)
{
    put_u32(&s->b, vary(s->c, (uint32_t)-number));
}

/* Writes the encoded pages that are pending, in one or two chunks. */
static void put_compressed(struct build *s)
{
    static uint8_t memory[CODES_MAX];
    struct bytes codes = {memory, 0, sizeof(memory)};
    uint32_t count = vary(s->c, s->pending_count);
    size_t first;

    for (uint32_t i = 0; i < count && i < s->pending_count; i++)
        put_code(s, &codes, &s->pending[i]);
    s->c->has_invalid |= codes.n == codes.max;
    s->pending_count = 0;
    first = choose(s->c) & 1 ? codes.n * choose(s->c) / 256 : codes.n;
    if (first > 0) {
        put_chunk_id(s, 12);
        put_ulong(s, vary(s->c, (uint32_t)first));
        put(&s->b, codes.at, first);
    }
    if (first < codes.n) {
        put_chunk_id(s, 12);
        put_ulong(s, codes.n - first);
        put(&s->b, codes.at + first, codes.n - first);
    }
}

static void put_tmem(struct build *s)
{
    uint32_t pools = choose(s->c) % 4, version = choose(s->c) & 1;
    bool with_pages = s->shape->tmem_pages || !s->c->only_valid;

    put_chunk_id(s, 5);
    put_u32(&s->b, vary(s->c, version));
    put_u32(&s->b, vary(s->c, 16));
    put_u32(&s->b, vary(s->c, UINT32_MAX));
    put(&s->b, NULL, 12);
    put_u32(&s->b, vary(s->c, UINT32_MAX));
    for (uint32_t i = 0; i < pools; i++) {
        uint32_t pages = with_pages ? choose(s->c) % 4 : 0;
        bool early = pages > 0 && choose(s->c) & 1;

        s->c->has_invalid |= pages > 0 && !s->shape->tmem_pages;
        put_u32(&s->b, vary(s->c, i));
        put_u32(&s->b, vary(s->c, 1));
        put_u32(&s->b, vary(s->c, pages + early));
        put(&s->b, NULL, 16 + (size_t)pages * ((version ? 24 : 8) + 4 + PAGE_SIZE));
        for (unsigned word = 0; early && word < (version ? 6 : 2); word++)
            put_u32(&s->b, UINT32_MAX);
    }
    put_u32(&s->b, vary(s->c, UINT32_MAX));
}

static void put_vcpu_info(struct build *s)
{
    uint32_t max_id = choose(s->c) % 80;

    put_chunk_id(s, 2);
    put_u32(&s->b, vary(s->c, max_id));
    s->vcpus = 0;
    for (uint32_t word = 0; word <= max_id / 64; word++) {
        uint64_t map = 1 | (uint64_t)choose(s->c) << 3;

        put_u64(&s->b, map);
        for (uint32_t bit = 0; bit < 64 && word * 64 + bit <= max_id; bit++)
            s->vcpus += map >> bit & 1;
    }
}

static void put_tsc_info(struct build *s)
{
    put_chunk_id(s, 7);
    put_u32(&s->b, choose(s->c) % 4);
    put(&s->b, NULL, 16);
}

static void put_toolstack(struct build *s)
{
    uint32_t padding = s->shape->width == 8 ? 4 : 0, count = choose(s->c) % 4;
    uint32_t name_len = choose(s->c) % 2 ? 9 : 0;

    put_chunk_id(s, 18);
    put_u32(&s->b, vary(s->c, 8 + count * (28 + name_len + padding)));
    put_u32(&s->b, vary(s->c, 1));
    put_u32(&s->b, vary(s->c, count));
    for (uint32_t i = 0; i < count; i++) {
        put_u64(&s->b, i);
        put_u64(&s->b, UINT64_MAX);
        put_u64(&s->b, 0x800000 + choose(s->c));
        put_u32(&s->b, vary(s->c, name_len));
        put(&s->b, "vga.vram", name_len);
        put(&s->b, NULL, padding);
    }
}

static void put_hvm_param(struct build *s, unsigned number)
{
    put_chunk_id(s, number);
    put_u32(&s->b, 0);
    put_u64(&s->b, 1 + choose(s->c) % 8);
}

static void put_chunk(struct build *s)
{
    uint8_t by = choose(s->c);

    if (by < 0x60) {
        put_batch(s, false);
        return;
    }
    by = (uint8_t)(by % 22 + 1);
    switch (by) {
    case 1: /* ENABLE_VERIFY_MODE */
        s->verifying = true;
        put_chunk_id(s, by);
        break;
    case 5:
        put_tmem(s);
        break;
    case 6: /* TMEM_EXTRA */
        put_chunk_id(s, by);
        if (!s->c->only_valid && choose(s->c) & 1) {
            put(&s->b, NULL, 32);
            s->c->has_invalid = true;
        }
        put_u32(&s->b, vary(s->c, UINT32_MAX));
        break;
    case 12: /* COMPRESSED_DATA */
        if (s->compressed || !s->c->only_valid)
            put_compressed(s);
        break;
    case 13: /* ENABLE_COMPRESSION */
    case 22: /* no such chunk */
        if (!s->c->only_valid)
            put_chunk_id(s, by);
        s->c->has_invalid |= !s->c->only_valid;
        break;
    case 9: /* LAST_CHECKPOINT */
        put_chunk_id(s, by);
        break;
    case 2:
        put_vcpu_info(s);
        break;
    case 7:
        put_tsc_info(s);
        break;
    case 18:
        put_toolstack(s);
        break;
    default:
        put_hvm_param(s, by);
    }
}

/* Includes MCG_CAP as Xen 4.2 set it. */
static void put_extended_context(struct build *s, uint32_t vcpu)
{
    size_t from = s->b.n;

    put_u32(&s->b, vcpu);
    put_u32(&s->b, choose(s->c) & 1 ? 40 : 56);
    put(&s->b, NULL, 24);
    put_u64(&s->b, 2 | (choose(s->c) & 1 ? 0x1000800 : 0));
    put(&s->b, NULL, 128 - (s->b.n - from));
}

static void put_xsave(struct build *s)
{
    uint8_t by = choose(s->c);
    uint64_t accum = by & 1 ? 7 : 3;
    uint32_t area = by & 2 ? 832 + 16u * (by >> 4) : by & 1 ? 832 : 576;
    size_t from;

    put_u64(&s->b, 7);
    put_u64(&s->b, vary(s->c, 16 + area));
    put_u64(&s->b, accum);
    put_u64(&s->b, accum);
    from = s->b.n;
    put(&s->b, NULL, area);
    if (s->b.n - from == area) { /* xstate_bv: states in use */
        memset(s->b.at + from + 512, 0, 8);
        s->b.at[from + 512] = by & 4 ? 7 : 3;
    }
}

static void put_pv_tail(struct build *s)
{
    uint32_t unmapped = choose(s->c) % 8;

    put_u32(&s->b, vary(s->c, unmapped));
    for (uint32_t i = 0; i < unmapped; i++)
        put_ulong(s, 4u * choose(s->c) % s->p2m_size);
    for (uint32_t i = 0; i < s->vcpus; i++) {
        put_filler(&s->b, CONTEXT_SIZE(s->shape->guest_width), (uint8_t)i);
        if (s->shape->extended)
            put_extended_context(s, i);
        if (s->shape->xsave)
            put_xsave(s);
    }
    put_filler(&s->b, PAGE_SIZE, (uint8_t)++s->contents);
}

static void put_hvm_record(struct bytes *b, uint16_t type, uint32_t len)
{
    put_u16(b, type);
    put_u16(b, 0);
    put_u32(b, len);
}

static void put_hvm_context(struct build *s)
{
    static uint8_t memory[4096];
    struct bytes context = {memory, 0, sizeof(memory)};
    uint8_t by = choose(s->c);

    put_hvm_record(&context, 1, 24);
    put_u32(&context, 0x54381286);
    put_u32(&context, 1);
    put_u64(&context, 0);
    put_u32(&context, by & 1 ? 0x00800f12 : 0x000206a7); /* AMD, Intel */
    put_u32(&context, 2394000);
    if (by & 2) {
        put_hvm_record(&context, 2, 1024); /* CPU */
        put(&context, NULL, 1024);
    }
    if (by & 4) {
        put_hvm_record(&context, 15, 24); /* VIRIDIAN_DOMAIN */
        put(&context, NULL, 24);
    }
    if (by & 8) {
        put_hvm_record(&context, 18, by & 16 ? 24 : 8); /* VMCE_VCPU */
        put_u64(&context, 2 | (by & 32 ? 0x1000800 : 0x800));
        put(&context, NULL, by & 16 ? 16 : 0);
    }
    if (by & 64)
        put_hvm_record(&context, 0, 0);
    put_u32(&s->b, vary(s->c, (uint32_t)context.n));
    put(&s->b, context.at, context.n);
}

static void put_section(struct bytes *b, uint32_t number, const char *name, const void *body,
                        size_t len)
{
    put(b, "\4", 1);
    put_be32_bytes(b, number);
    put(b, &(uint8_t){(uint8_t)strlen(name)}, 1);
    put(b, name, strlen(name));
    put_be32_bytes(b, 0);
    put_be32_bytes(b, 2);
    put(b, body, len);
}

static void put_qemu_data(struct build *s, struct bytes *data)
{
    static const uint8_t zeros[144];
    uint8_t vga[20] = {0, 0, 0, 2, 0x34, 0x12, 0x11, 0x11, 3, 0, 0, 0, 0, 0, 0, 3};
    uint8_t by = choose(s->c);

    put(data, "QEVM\0\0\0\3", 8);
    put_section(data, 4, "cpu", NULL, 20);
    if (by & 1)
        put_section(data, 5, "kvm-tpr-opt", by & 2 ? NULL : zeros, sizeof(zeros));
    put_section(data, 6, "apic", NULL, 20);
    vga[12] = by & 4 ? 2 : 0; /* the PCI revision */
    if (by & 8)
        put_section(data, 7, by & 16 ? "0000:00:02.0/vga" : "0000:00:03.0/vga", vga, sizeof(vga));
    put(data, NULL, by & 0x80 ? choose(s->c) : 0);
}

static void put_qemu_record(struct build *s)
{
    static const char *const signatures[] = {"DeviceModelRecord0002", "RemusDeviceModelState",
                                             "QemuDeviceModelRecord", "QemuDeviceModelRecord\n"};
    static uint8_t memory[4096];
    struct bytes data = {memory, 0, sizeof(memory)};
    enum qemu_signature which = s->shape->signature;

    put_qemu_data(s, &data);
    put(&s->b, signatures[which], strlen(signatures[which]));
    if (which == QEMU_XAPI)
        put_be32_bytes(&s->b, vary(s->c, (uint32_t)data.n));
    else if (which != QEMU_XEND)
        put_u32(&s->b, vary(s->c, (uint32_t)data.n));
    put(&s->b, data.at, data.n);
}

static void put_checkpoint(struct build *s, uint8_t chunks)
{
    for (uint8_t i = 0; i < chunks; i++)
        put_chunk(s);
    if (s->pending_count > 0)
        put_compressed(s);
    put_u32(&s->b, vary(s->c, 0));
    if (!s->shape->hvm) {
        put_pv_tail(s);
        return;
    }
    for (unsigned i = 0; i < 3; i++)
        put_u64(&s->b, 0xfeff8 + i);
    put_hvm_context(s);
    put_qemu_record(s);
}

void build_stream(struct choices *c, const struct stream_shape *shape, struct bytes *b)
{
    static struct build s;
    uint8_t chunks = choose(c) % 24;

    memset(&s, 0, sizeof(s));
    s.c = c;
    s.shape = shape;
    s.b = *b;
    s.vcpus = 1;
    put_header(&s);
    put_batch(&s, true);
    if (shape->compressed)
        put_chunk_id(&s, 13);
    put_checkpoint(&s, chunks);
    for (unsigned more = shape->further_checkpoints; more > 0; more--) {
        s.verifying = false;
        s.compressed = shape->compressed;
        put_batch(&s, false);
        put_checkpoint(&s, choose(c) % 8);
    }
    c->has_invalid |= s.b.n == s.b.max;
    *b = s.b;
}
