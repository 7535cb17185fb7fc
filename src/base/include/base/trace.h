/*
 * Reports each part of a stream to a caller when it is read.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdint.h>

struct stream_part {
    const char *layer; /* "libxl" or "libxc"; NULL: a legacy stream. Static */
    const char *name;  /* as in Xen's headers, if named there: "XC_SAVE_ID_TSC_INFO". Static */
    uint64_t offset;   /* of its first byte in the input; it ends where the next part begins */
    uint64_t count;    /* number of pfn entries, frames or pfns in it; else 0 */
};

struct stream_trace {
    void (*part)(void *ctx, const struct stream_part *part);
    void *ctx;
};

/* Reports a part. trace may be NULL. */
static inline void stream_trace_part(const struct stream_trace *trace, const char *layer,
                                     const char *name, uint64_t offset, uint64_t count)
{
    struct stream_part part = {layer, name, offset, count};

    if (trace && trace->part)
        trace->part(trace->ctx, &part);
}

#endif
