#include "envelope/compression.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

#define GZIP_METHOD_DEFLATE 8
#define GZIP_FLAGS_RESERVED 0xe0
#define LEGACY_CHUNK_MIN    (-21)
#define LEGACY_BATCH_MAX    1024

struct magic {
    size_t size;
    const char *bytes;
    struct compression compression;
};

static const struct magic magics[] = {
    {4, "\050\265\057\375", {"zstd", "zstd"}},
    {6, "\3757zXZ\0", {"xz", "xz-utils"}},
    {4, "\004\042\115\030", {"lz4", "lz4"}},
};

static const struct compression gzip = {"gzip", "gzip"}, bzip2 = {"bzip2", "bzip2"};

/* Is id a chunk id or batch count, as follows p2m_size in a HVM stream, or -1 as in a PV stream? */
static bool is_chunk_id(uint32_t id)
{
    return (int32_t)id >= LEGACY_CHUNK_MIN && (int32_t)id <= LEGACY_BATCH_MAX && id != 0;
}

/*
 * The gzip magic (1f 8b 08, flags) can also be the low bytes of a legacy stream's p2m_size, so the
 * following words must not fit such a stream. A 64-bit stream continues with a zero word (gzip:
 * mtime not set), then a chunk id or a frame number of two words. A 32-bit stream continues with a
 * chunk id or a frame number below p2m_size, which as a gzip mtime would be in the early 1970s.
 */
static bool is_gzip(const uint8_t *b, size_t n)
{
    uint32_t p2m_size, word[4];

    if (n < COMPRESSION_PEEK || b[0] != 0x1f || b[1] != 0x8b || b[2] != GZIP_METHOD_DEFLATE ||
        b[3] & GZIP_FLAGS_RESERVED)
        return false;
    for (size_t i = 0; i < 4; i++)
        word[i] = get_le32(b + 4 * i);
    p2m_size = word[0];
    if (word[1] == 0)
        return !is_chunk_id(word[2]) && word[3] != 0;
    return !is_chunk_id(word[1]) && word[1] >= p2m_size;
}

static bool is_bzip2(const uint8_t *b, size_t n)
{
    return n >= 10 && memcmp(b, "BZh", 3) == 0 && b[3] >= '1' && b[3] <= '9' &&
           (memcmp(b + 4, "1AY&SY", 6) == 0 || memcmp(b + 4, "\027rE8P\220", 6) == 0);
}

const struct compression *compression_find(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
        if (n >= magics[i].size && memcmp(bytes, magics[i].bytes, magics[i].size) == 0)
            return &magics[i].compression;
    if (is_bzip2(bytes, n))
        return &bzip2;
    return is_gzip(bytes, n) ? &gzip : NULL;
}
