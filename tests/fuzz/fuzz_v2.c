/*
 * The verifier and --inspect with valid and slightly invalid v2 streams built from choices. Valid
 * streams must be accepted. Accepted streams can be inspected, and are rejected by the converter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choices.h"
#include "convert/verify.h"
#include "memory_input.h"
#include "property.h"

#define STREAM_MAX ((size_t)512 * 1024)
#define PAGE_SIZE  4096

enum {
    END,
    PAGE_DATA,
    PV_INFO,
    P2M_FRAMES,
    VCPU_BASIC,
    VCPU_EXTENDED,
    VCPU_XSAVE,
    SHARED_INFO,
    TSC_INFO,
    HVM_CONTEXT,
    HVM_PARAMS,
    STATIC_DATA_END = 16
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct build {
    struct choices *c;
    struct bytes b;
    bool hvm, libxl;
    unsigned version, width;
    uint32_t p2m_size;
};

/* Writes a record with this body. */
static void put_record(struct build *s, uint32_t type, const struct bytes *body)
{
    static const uint8_t zeros[8];
    uint32_t len = body ? (uint32_t)body->n : 0;

    put_u32(&s->b, vary(s->c, type));
    put_u32(&s->b, vary(s->c, len));
    if (body)
        put(&s->b, body->at, body->n);
    put(&s->b, choose_invalid(s->c) ? NULL : zeros, (8 - len % 8) % 8);
}

/* Begins a body; sometimes writes a record of any type and content before it. */
static struct bytes begin(struct build *s)
{
    static uint8_t memory[STREAM_MAX];
    struct bytes body = {memory, 0, sizeof(memory)};

    if (choose_invalid(s->c)) {
        put(&body, s->c->data, s->c->left < 40 ? s->c->left : choose(s->c) % 40);
        put_record(s, choose(s->c) % 20, &body);
        body.n = 0;
    }
    return body;
}

static void put_pages(struct build *s)
{
    static const uint8_t types[] = {0, 13, 14, 1, 2, 3, 9, 10, 11};
    uint32_t count = 1 + choose(s->c) % 8, pages = 0;
    struct bytes body = begin(s);

    put_u32(&body, vary(s->c, count));
    put_u32(&body, vary(s->c, 0));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t type = types[choose(s->c) % (s->hvm ? 3 : sizeof(types))];

        type = choose_invalid(s->c) ? choose(s->c) % 16 : type;
        put_u64(&body, type << 60 | vary(s->c, choose(s->c) % s->p2m_size));
        pages += type < 13;
    }
    put(&body, NULL, (size_t)pages * PAGE_SIZE);
    put_record(s, PAGE_DATA, &body);
}

static void put_pv_start(struct build *s)
{
    struct bytes body = begin(s);
    uint32_t per_frame = PAGE_SIZE / s->width, frames = (s->p2m_size - 1) / per_frame + 1;

    put_u32(&body, vary(s->c, s->width | (s->width == 8 ? 4u : 3u) << 8));
    put_u32(&body, vary(s->c, 0));
    put_record(s, PV_INFO, &body);
    if (s->version == 3)
        put_record(s, STATIC_DATA_END, NULL);
    body = begin(s);
    put_u32(&body, vary(s->c, 0));
    put_u32(&body, vary(s->c, s->p2m_size - 1));
    for (uint32_t i = 0; i < frames; i++)
        put_u64(&body, vary(s->c, i + 1));
    put_record(s, P2M_FRAMES, &body);
}

static void put_vcpu(struct build *s, uint32_t type, uint32_t id, size_t len)
{
    struct bytes body = begin(s);

    put_u32(&body, vary(s->c, id));
    put_u32(&body, vary(s->c, 0));
    put(&body, NULL, vary(s->c, (uint32_t)len));
    put_record(s, type, &body);
}

static void put_pv_end(struct build *s)
{
    struct bytes body;

    for (uint32_t id = 0, last = choose(s->c) % 4; id <= last; id++) {
        put_vcpu(s, VCPU_BASIC, id, s->width == 8 ? 5168 : 2800);
        if (choose(s->c) & 1)
            put_vcpu(s, VCPU_EXTENDED, id, 128);
        if (choose(s->c) & 1)
            put_vcpu(s, VCPU_XSAVE, id, 16 + 576 + 16u * choose(s->c));
    }
    body = begin(s);
    put(&body, NULL, vary(s->c, PAGE_SIZE));
    put_record(s, SHARED_INFO, &body);
}

static void put_tsc(struct build *s)
{
    struct bytes body = begin(s);

    put_u32(&body, choose(s->c) % 4);
    put(&body, NULL, 16);
    put_u32(&body, vary(s->c, 0));
    put_record(s, TSC_INFO, &body);
}

static void put_hvm_end(struct build *s)
{
    struct bytes body = begin(s);
    uint32_t count = 1 + choose(s->c) % 4;

    put_u32(&body, vary(s->c, count));
    put_u32(&body, vary(s->c, 0));
    for (uint32_t i = 0; i < count; i++) {
        put_u64(&body, choose(s->c) % 40);
        put_u64(&body, choose(s->c));
    }
    put_record(s, HVM_PARAMS, &body);
    body = begin(s);
    put(&body, NULL, 1 + choose(s->c));
    put_record(s, HVM_CONTEXT, &body);
}

static void put_libxc(struct build *s)
{
    put_u64(&s->b, UINT64_MAX);
    put(&s->b, "XENF", 4);
    put_be32_bytes(&s->b, vary(s->c, s->version));
    put_u64(&s->b, vary(s->c, 0));
    put_u32(&s->b, vary(s->c, s->hvm ? 2 : 1));
    put_u32(&s->b, vary(s->c, 12));
    put_u64(&s->b, choose(s->c) & 1 ? 0x1100000004 : 0x100000000);
    if (!s->hvm)
        put_pv_start(s);
    else if (s->version == 3)
        put_record(s, STATIC_DATA_END, NULL);
    for (unsigned batches = 1 + choose(s->c) % 4; batches > 0; batches--)
        put_pages(s);
    if (choose(s->c) & 1)
        put_tsc(s);
    (s->hvm ? put_hvm_end : put_pv_end)(s);
    put_record(s, END, NULL);
}

static void put_emulator(struct build *s, uint32_t type, const char *bytes, size_t n)
{
    struct bytes body = begin(s);

    put_u32(&body, vary(s->c, choose(s->c) % 3));
    put_u32(&body, vary(s->c, 0));
    put(&body, bytes, n);
    put_record(s, type, &body);
}

static void put_stream(struct build *s)
{
    static const char xenstore[] = "physmap/0/start_addr\0f0000000\0physmap/0/size\0800000";

    if (!s->libxl) {
        put_libxc(s);
        return;
    }
    put(&s->b, "LibxlFmt", 8);
    put_be32_bytes(&s->b, vary(s->c, 2));
    put_be32_bytes(&s->b, vary(s->c, choose(s->c) & 2));
    put_record(s, 1, NULL);
    put_libxc(s);
    if (s->hvm && choose(s->c) & 1)
        put_emulator(s, 2, xenstore, sizeof(xenstore) - (choose_invalid(s->c) ? 7 : 0));
    if (s->hvm && choose(s->c) & 1)
        put_emulator(s, 3, "QEVM\0\0\0\3", 8);
    put_record(s, 0, NULL);
}

/* Behind a libxc stream, in one of the three forms that a saver may have used; or none. */
static void put_qemu_behind(struct build *s)
{
    static const char state[] = "QEVM\0\0\0\3";
    unsigned form = choose(s->c) % 4;

    if (form == 0)
        return;
    put(&s->b, form == 1 ? "DeviceModelRecord0002" : "QemuDeviceModelRecord", 21);
    if (form == 1)
        put_u32(&s->b, vary(s->c, 8));
    if (form == 2) {
        put(&s->b, "\n", 1);
        put_be32_bytes(&s->b, vary(s->c, 8));
    }
    put(&s->b, state, 8);
}

static void check(const struct bytes *stream, bool by_name, bool valid, bool print)
{
    static const struct convert_options inspection;
    struct verify_options options = {0};
    struct v2_summary summary;
    struct cls_error err = {0};
    struct cls_input in;
    char arg[32];
    int fd = memory_input(&in, stream->at, stream->n);

    snprintf(arg, sizeof(arg), by_name ? "/proc/self/fd/%d" : "%d", fd);
    options.in = arg;
    if (verify_stream(&options, NULL, &summary, &err)) {
        if (!check_inspection(inspection, fd, print))
            abort();
    } else {
        must_blame_input(&err);
        if (valid) {
            fprintf(stderr, "byte %llu: %s: %s\n", (unsigned long long)err.offset, err.place,
                    err.reason);
            abort();
        }
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[STREAM_MAX];
    struct choices c = {.data = data, .left = size};
    struct build s = {.c = &c, .b = {memory, 0, sizeof(memory)}};
    uint8_t bits = choose(&c);

    s.hvm = bits & 1;
    s.libxl = bits & 2;
    s.version = bits & 4 ? 3 : 2;
    s.width = bits & 8 ? 4 : 8;
    c.only_valid = bits & 16;
    s.p2m_size = 64 + 16u * choose(&c);
    put_stream(&s);
    if (s.hvm && !s.libxl)
        put_qemu_behind(&s);
    check(&s.b, bits & 32, !c.has_invalid && s.b.n < s.b.max, is_one_of(16, data, size));
    if (is_one_of(4, data, size) && s.b.n > 0) /* v2 is rejected, but can be inspected */
        check_conversion(options_from_bits(choose(&c) & 7), s.b.at, s.b.n);
    return 0;
}
