#include "streams.h"

#include <string.h>

#define MAX_ENTRIES 2048

void put_block(struct bytes *b, const char *id, uint32_t size)
{
    put_raw(b, id, 4);
    put_u32(b, size);
    put_fill(b, 0x55, size);
}

void put_extended_info(struct bytes *b, unsigned width, const struct bytes *blocks)
{
    put_ulong(b, width, UINT64_MAX);
    put_u32(b, (uint32_t)blocks->len);
    put_bytes(b, blocks);
}

void put_pv_start(struct bytes *b, unsigned width, unsigned guest_width, uint32_t p2m_size)
{
    struct bytes blocks = {0};

    put_ulong(b, width, p2m_size);
    put_block(&blocks, "vcpu", guest_width == 8 ? CONTEXT_64 : CONTEXT_32);
    put_block(&blocks, "extv", 0);
    put_extended_info(b, width, &blocks);
    put_ulong(b, width, 0x77);
    bytes_free(&blocks);
}

void put_batch(struct bytes *b, unsigned width, const uint32_t *entries, uint32_t count)
{
    put_u32(b, count);
    for (uint32_t i = 0; i < count; i++)
        put_ulong(b, width, entries[i]);
    for (uint32_t i = 0; i < count; i++)
        if (entries[i] >> 28 < 0xd)
            put_fill(b, (uint8_t)entries[i], 4096);
}

void put_page(struct bytes *b, unsigned width, uint32_t entry)
{
    put_batch(b, width, &entry, 1);
}

void put_id(struct bytes *b, int32_t id)
{
    put_u32(b, (uint32_t)id);
}

void put_param(struct bytes *b, int32_t id, uint64_t value)
{
    put_id(b, id);
    put_u32(b, 0xdeadbeef);
    put_u64(b, value);
}

void put_vcpu_info(struct bytes *b, uint32_t max_id, uint64_t map)
{
    put_id(b, -2);
    put_u32(b, max_id);
    put_u64(b, map);
    for (uint32_t words = max_id / 64; words > 0; words--)
        put_u64(b, 0);
}

void put_hvm_tail(struct bytes *b)
{
    put_id(b, 0);
    put_u64(b, 0xf0);
    put_u64(b, 0xf1);
    put_u64(b, 0xf2);
    put_u32(b, 3);
    put_fill(b, 0xcc, 3);
}

void put_qemu(struct bytes *b)
{
    put_text(b, "DeviceModelRecord0002");
    put_u32(b, 4);
    put_text(b, "QEVM");
}

void put_pv_tail_head(struct bytes *b)
{
    put_id(b, 0);
    put_u32(b, 0);
}

void put_vcpu(struct bytes *b, unsigned guest_width, uint8_t value, bool extended)
{
    put_fill(b, value, guest_width == 8 ? CONTEXT_64 : CONTEXT_32);
    if (extended)
        put_fill(b, (uint8_t)(value + 1), 128);
}

void put_shared_info(struct bytes *b)
{
    put_fill(b, 0x51, 4096);
}

void put_small_hvm(struct bytes *b, unsigned width)
{
    put_ulong(b, width, 0x100);
    put_page(b, width, 0x12);
    put_hvm_tail(b);
    put_qemu(b);
}

void put_small_pv(struct bytes *b, unsigned width)
{
    put_pv_start(b, width, width, 0x100);
    put_page(b, width, 0x12);
    put_vcpu_info(b, 0, 1);
    put_pv_tail_head(b);
    put_vcpu(b, width, 0xa0, true);
    put_shared_info(b);
}
