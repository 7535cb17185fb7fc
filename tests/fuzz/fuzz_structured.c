/*
 * The whole conversion of streams that are nearly right: the fuzzer's bytes are not the stream but
 * the choices by which one is built, so that random bytes get beyond the header. A choice of 0 is
 * the honest one, so what the fuzzer leaves out makes a sound stream.
 */
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "property.h"

#define STREAM_MAX ((size_t)512 * 1024)
#define PAGES_MAX  24 /* in a batch; more shows nothing new */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct choices {
    const uint8_t *data;
    size_t left;
};

struct stream {
    uint8_t bytes[STREAM_MAX];
    size_t n;
    unsigned width, guest_width;
    bool hvm, extended, xsave;
    bool compressed;        /* the pages of batches come elsewhere: */
    uint32_t pages_pending; /* so many of them */
    uint32_t vcpus;
};

static uint8_t choose(struct choices *c)
{
    if (c->left == 0)
        return 0;
    c->left--;
    return *c->data++;
}

static void put(struct stream *s, const void *bytes, size_t n)
{
    if (n > STREAM_MAX - s->n)
        n = STREAM_MAX - s->n;
    if (bytes)
        memcpy(s->bytes + s->n, bytes, n);
    else
        memset(s->bytes + s->n, 0x5a, n);
    s->n += n;
}

static void put_u32(struct stream *s, uint32_t v)
{
    uint8_t b[4];

    put_le32(b, v);
    put(s, b, sizeof(b));
}

static void put_u64(struct stream *s, uint64_t v)
{
    put_u32(s, (uint32_t)v);
    put_u32(s, (uint32_t)(v >> 32));
}

static void put_ulong(struct stream *s, uint64_t v)
{
    if (s->width == 8)
        put_u64(s, v);
    else
        put_u32(s, (uint32_t)v);
}

/* Mostly the honest value; now and then one that is near or far. */
static uint32_t bend(struct choices *c, uint32_t honest)
{
    switch (choose(c)) {
    case 0xf0:
        return honest + 1;
    case 0xf1:
        return honest - 1;
    case 0xf2:
        return 0;
    case 0xf3:
        return UINT32_MAX;
    case 0xf4:
        return honest << 8;
    default:
        return honest;
    }
}

static void put_extended_info(struct stream *s, struct choices *c)
{
    uint32_t context = s->guest_width == 8 ? 5168 : 2800;
    uint32_t total = 8 + context + (s->extended ? 8 : 0) + (s->xsave ? 12 : 0);

    put_ulong(s, UINT64_MAX);
    put_u32(s, bend(c, total));
    put(s, "vcpu", 4);
    put_u32(s, bend(c, context));
    put(s, NULL, context);
    if (s->extended) {
        put(s, "extv", 4);
        put_u32(s, bend(c, 0));
    }
    if (s->xsave) {
        put(s, "xcnt", 4);
        put_u32(s, bend(c, 4));
        put_u32(s, 16 + 592);
    }
}

static void put_header(struct stream *s, struct choices *c)
{
    uint32_t p2m_size = 64 + 16u * choose(c);
    uint32_t frames = (p2m_size - 1) / (4096 / s->guest_width) + 1;

    put_ulong(s, bend(c, p2m_size));
    if (s->hvm)
        return;
    if (choose(c) < 0xe0)
        put_extended_info(s, c);
    for (uint32_t i = 0; i < frames; i++)
        put_ulong(s, bend(c, i + 1));
}

static void put_batch(struct stream *s, struct choices *c)
{
    static const uint8_t honest_types[] = {0, 1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 15};
    uint32_t count = 1 + choose(c) % PAGES_MAX, pages = 0;

    put_u32(s, bend(c, count));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t by = choose(c);
        uint32_t type = by < 0xf8 ? honest_types[by % sizeof(honest_types)] : by & 0xf;

        put_ulong(s, bend(c, type << 28 | (i + choose(c) % 32)));
        pages += type < 0xd;
    }
    if (s->compressed)
        s->pages_pending += pages;
    else
        put(s, NULL, (size_t)pages * 4096);
}

/* One page's code, mostly an honest one. */
static void put_code(struct stream *s, struct choices *c)
{
    uint8_t by = choose(c);
    uint32_t left = 1024;

    if (by < 0x40 || by == 0x80) {
        put(s, "\x80", 1);
        put(s, NULL, 4096);
        return;
    }
    if (by < 0x60) {
        put(s, "\0", 1);
        return;
    }
    while (left > 0) {
        uint8_t by_run = choose(c), run = (uint8_t)(by_run % 127 + 1), marker;

        if (run > left && by_run < 0xf8)
            run = (uint8_t)left;
        marker = (uint8_t)(run | (by_run & 0x80));
        put(s, &marker, 1);
        if (marker < 0x80)
            put(s, NULL, (size_t)run * 4);
        left -= run < left ? run : left;
    }
}

/* The codes of all pages that wait for them, in one chunk or two. */
static void put_compressed(struct stream *s, struct choices *c)
{
    static struct stream codes;
    uint32_t count = bend(c, s->pages_pending);
    size_t first;

    codes.n = 0;
    for (uint32_t i = 0; i < count && i < 64; i++)
        put_code(&codes, c);
    s->pages_pending = 0;
    first = choose(c) & 1 ? codes.n * choose(c) / 256 : codes.n;
    put_ulong(s, bend(c, (uint32_t)first));
    put(s, codes.bytes, first);
    if (first < codes.n) {
        put_u32(s, (uint32_t)-12);
        put_ulong(s, codes.n - first);
        put(s, codes.bytes + first, codes.n - first);
    }
}

static void put_tmem(struct stream *s, struct choices *c)
{
    uint32_t pools = choose(c) % 4, version = choose(c) & 1;

    put_u32(s, bend(c, version));
    put_u32(s, bend(c, 16));
    put_u32(s, bend(c, UINT32_MAX));
    put(s, NULL, 12);
    put_u32(s, bend(c, UINT32_MAX));
    for (uint32_t i = 0; i < pools; i++) {
        uint32_t pages = choose(c) % 4;

        put_u32(s, bend(c, i));
        put_u32(s, bend(c, 1));
        put_u32(s, bend(c, pages));
        put(s, NULL, 16 + (size_t)pages * ((version ? 24 : 8) + 4 + 4096));
    }
    put_u32(s, bend(c, UINT32_MAX));
}

static void put_vcpu_info(struct stream *s, struct choices *c)
{
    uint32_t max_id = choose(c) % 80;

    put_u32(s, bend(c, max_id));
    s->vcpus = 0;
    for (uint32_t word = 0; word <= max_id / 64; word++) {
        uint64_t map = 1 | (uint64_t)choose(c) << 3;

        put_u64(s, map);
        for (uint32_t bit = 0; bit < 64 && word * 64 + bit <= max_id; bit++)
            s->vcpus += map >> bit & 1;
    }
}

static void put_toolstack(struct stream *s, struct choices *c)
{
    uint32_t padding = s->width == 8 ? 4 : 0, count = choose(c) % 4;
    uint32_t name_len = choose(c) % 2 ? 9 : 0;

    put_u32(s, bend(c, 8 + count * (28 + name_len + padding)));
    put_u32(s, bend(c, 1));
    put_u32(s, bend(c, count));
    for (uint32_t i = 0; i < count; i++) {
        put_u64(s, i);
        put_u64(s, UINT64_MAX);
        put_u64(s, 0x800000);
        put_u32(s, bend(c, name_len));
        put(s, "vga.vram", name_len);
        put(s, NULL, padding);
    }
}

static void put_chunk(struct stream *s, struct choices *c)
{
    uint8_t by = choose(c);

    if (by < 0x60) {
        put_batch(s, c);
        return;
    }
    by = (uint8_t)(by % 22 + 1);
    put_u32(s, (uint32_t)-by);
    switch (by) {
    case 1:  /* ENABLE_VERIFY_MODE */
    case 9:  /* LAST_CHECKPOINT */
    case 13: /* ENABLE_COMPRESSION */
        break;
    case 5:
        put_tmem(s, c);
        break;
    case 6: /* TMEM_EXTRA */
        put(s, NULL, choose(c) & 1 ? 32 : 0);
        put_u32(s, bend(c, UINT32_MAX));
        break;
    case 12:
        put_compressed(s, c);
        break;
    case 2:
        put_vcpu_info(s, c);
        break;
    case 7: /* TSC_INFO */
        put(s, NULL, 20);
        break;
    case 18:
        put_toolstack(s, c);
        break;
    default:
        put(s, NULL, 12);
    }
}

static void put_pv_tail(struct stream *s, struct choices *c)
{
    uint32_t unmapped = choose(c) % 8;

    put_u32(s, bend(c, unmapped));
    put(s, NULL, (size_t)unmapped * s->width);
    for (uint32_t i = 0; i < s->vcpus; i++) {
        put(s, NULL, s->guest_width == 8 ? 5168 : 2800);
        if (s->extended)
            put(s, NULL, 128);
        if (s->xsave) {
            uint32_t size = 16 + 16u * choose(c);

            put_u64(s, 3);
            put_u64(s, bend(c, size));
            put(s, NULL, size);
        }
    }
    put(s, NULL, 4096);
}

static void put_hvm_tail(struct stream *s, struct choices *c)
{
    static const char *const signatures[] = {"DeviceModelRecord0002", "RemusDeviceModelState",
                                             "QemuDeviceModelRecord"};
    uint32_t context = 1 + choose(c), which = choose(c) % 3, len = choose(c);

    put(s, NULL, 24);
    put_u32(s, bend(c, context));
    put(s, NULL, context);
    put(s, signatures[which], 21);
    if (which < 2)
        put_u32(s, bend(c, len));
    put(s, "QEVM", 4);
    put(s, NULL, len > 4 ? len - 4 : 0);
}

static void put_checkpoint(struct stream *s, struct choices *c, uint8_t chunks)
{
    for (uint8_t i = 0; i < chunks; i++)
        put_chunk(s, c);
    if (s->compressed) {
        put_u32(s, (uint32_t)-12);
        put_compressed(s, c);
    }
    put_u32(s, bend(c, 0));
    if (s->hvm)
        put_hvm_tail(s, c);
    else
        put_pv_tail(s, c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stream s;
    struct choices c = {data, size};
    struct convert_options options = options_from_bits(choose(&c) & 0x87);
    uint8_t shape = choose(&c), chunks = (uint8_t)(choose(&c) % 24), cut, more;

    s.n = 0;
    s.width = shape & 1 ? 4 : 8;
    s.guest_width = shape & 2 ? 4 : s.width;
    s.hvm = shape & 4;
    s.extended = shape & 8;
    s.xsave = shape & 16;
    s.vcpus = 1;
    s.compressed = false;
    s.pages_pending = 0;
    put_header(&s, &c);
    put_batch(&s, &c);
    if (shape & 32)
        put_u32(&s, (uint32_t)-13);
    put_checkpoint(&s, &c, chunks);
    for (more = shape >> 6; more > 0; more--) {
        s.compressed = shape & 32;
        put_batch(&s, &c);
        put_checkpoint(&s, &c, (uint8_t)(choose(&c) % 8));
    }
    cut = choose(&c);
    check_conversion(options, s.bytes, cut < 0xe0 || cut > s.n ? s.n : s.n - cut);
    return 0;
}
