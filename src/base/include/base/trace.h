/*
 * Reports the parts of a stream to a caller, as they are read.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdint.h>

struct stream_part {
    const char *layer; /* "libxl" or "libxc"; NULL: a legacy stream. Static, as name is */
    const char *name;  /* as in Xen's headers where it has a name there: "XC_SAVE_ID_TSC_INFO" */
    uint64_t offset;   /* in the input, where it begins; it ends where the next one does */
    uint64_t count;    /* its own count of pfn entries, frames or pfns; else 0 */
};

struct stream_trace {
    void (*part)(void *ctx, const struct stream_part *part);
    void *ctx;
};

/* trace may be NULL. */
static inline void stream_trace_part(const struct stream_trace *trace, const char *layer,
                                     const char *name, uint64_t offset, uint64_t count)
{
    struct stream_part part = {layer, name, offset, count};

    if (trace && trace->part)
        trace->part(trace->ctx, &part);
}

#endif
