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
    put(s, NULL, (size_t)pages * 4096);
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
    case 1: /* ENABLE_VERIFY_MODE */
    case 9: /* LAST_CHECKPOINT */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stream s;
    struct choices c = {data, size};
    struct convert_options options = options_from_bits(choose(&c) & 7);
    uint8_t shape = choose(&c), chunks = (uint8_t)(choose(&c) % 24), cut;

    s.n = 0;
    s.width = shape & 1 ? 4 : 8;
    s.guest_width = shape & 2 ? 4 : s.width;
    s.hvm = shape & 4;
    s.extended = shape & 8;
    s.xsave = shape & 16;
    s.vcpus = 1;
    put_header(&s, &c);
    put_batch(&s, &c);
    for (uint8_t i = 0; i < chunks; i++)
        put_chunk(&s, &c);
    put_u32(&s, bend(&c, 0));
    if (s.hvm)
        put_hvm_tail(&s, &c);
    else
        put_pv_tail(&s, &c);
    cut = choose(&c);
    check_conversion(options, s.bytes, cut < 0xe0 || cut > s.n ? s.n : s.n - cut);
    return 0;
}
