#include "reader_internal.h"

void refer_to_input(struct legacy_reader *r, struct image_data *data, uint64_t len)
{
    *data = (struct image_data){.len = len, .from = r->in};
    r->data_end = r->in->offset + len;
}

void trace_part(const struct legacy_reader *r, const char *name, uint64_t offset, uint64_t count)
{
    stream_trace_part(r->options.trace, NULL, name, offset, count);
}
