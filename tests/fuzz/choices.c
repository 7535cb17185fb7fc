#include "choices.h"

#include <string.h>

#include "base/bytes.h"

uint8_t choose(struct choices *c)
{
    if (c->left == 0)
        return 0;
    c->left--;
    return *c->data++;
}

bool choose_invalid(struct choices *c)
{
    bool invalid = !c->only_valid && choose(c) >= 0xf0;

    c->has_invalid |= invalid;
    return invalid;
}

static uint32_t varied_value(struct choices *c, uint32_t valid)
{
    switch (choose(c)) {
    case 0xf0:
        return valid + 1;
    case 0xf1:
        return valid - 1;
    case 0xf2:
        return 0;
    case 0xf3:
        return UINT32_MAX;
    case 0xf4:
        return valid << 8;
    default:
        return valid;
    }
}

uint32_t vary(struct choices *c, uint32_t valid)
{
    uint32_t value = c->only_valid ? valid : varied_value(c, valid);

    c->has_invalid |= value != valid;
    return value;
}

void put(struct bytes *b, const void *bytes, size_t n)
{
    if (n > b->max - b->n)
        n = b->max - b->n;
    if (bytes)
        memcpy(b->at + b->n, bytes, n);
    else
        memset(b->at + b->n, 0x5a, n);
    b->n += n;
}

void put_u16(struct bytes *b, uint16_t v)
{
    uint8_t le[2] = {(uint8_t)v, (uint8_t)(v >> 8)};

    put(b, le, sizeof(le));
}

void put_u32(struct bytes *b, uint32_t v)
{
    uint8_t le[4];

    put_le32(le, v);
    put(b, le, sizeof(le));
}

void put_be32_bytes(struct bytes *b, uint32_t v)
{
    uint8_t be[4];

    put_be32(be, v);
    put(b, be, sizeof(be));
}

void put_u64(struct bytes *b, uint64_t v)
{
    put_u32(b, (uint32_t)v);
    put_u32(b, (uint32_t)(v >> 32));
}
