#include "compact.h"

#include <errno.h>
#include <stdlib.h>

struct compact {
    uint64_t p2m_size;
    uint32_t left[]; /* by pfn */
};

struct compact *compact_new(uint64_t p2m_size, struct cls_error *err)
{
    struct compact *compact =
        calloc(1, sizeof(*compact) + (size_t)p2m_size * sizeof(compact->left[0]));

    if (!compact)
        cls_fail_errno(err, ENOMEM, "cannot allocate a counter for each page");
    else
        compact->p2m_size = p2m_size;
    return compact;
}

void compact_free(struct compact *compact)
{
    free(compact);
}

void compact_count(void *ctx, const struct legacy_stream *s, const struct chunk *chunk)
{
    struct compact *compact = ctx;
    uint32_t entry;

    for (uint32_t i = 0; i < chunk->entries; i++) {
        /* What is not sound will be refused when it is converted. */
        if (chunk_entry(s, chunk, i, &entry) == ENTRY_SOUND &&
            page_type_has_data(entry_type(entry)) &&
            (!s->verify || compact->left[entry_pfn(entry)] == 0))
            compact->left[entry_pfn(entry)]++;
    }
}

bool compact_is_last(struct compact *compact, uint32_t pfn, bool again)
{
    /* At 0, there were more than 32 bits can count, or the input has changed since. */
    if (compact->left[pfn] == 0)
        return !again;
    return --compact->left[pfn] == 0;
}
