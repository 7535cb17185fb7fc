#include "record.h"

#include "base/bytes.h"
#include "base/move.h"
#include "v2/format.h"

bool record_begin(struct cls_output *out, uint32_t type, uint64_t length, struct cls_error *err)
{
    uint8_t header[REC_HDR_SIZE];

    if (length > UINT32_MAX)
        return cls_fail(err, CLS_BAD_INPUT, "record length does not fit in 32 bits");
    put_le32(header, type);
    put_le32(header + 4, (uint32_t)length);
    return cls_output_write(out, header, sizeof(header), err);
}

bool record_pad(struct cls_output *out, uint64_t length, struct cls_error *err)
{
    return cls_output_zeros(out, (REC_ALIGN - length % REC_ALIGN) % REC_ALIGN, err);
}

bool put_data(struct cls_output *out, const struct image_data *data, const char *what,
              struct cls_error *err)
{
    if (data->bytes)
        return cls_output_write(out, data->bytes, (size_t)data->len, err);
    return data->len == 0 || cls_move(data->from, out, data->len, what, err);
}

bool record_put(struct cls_output *out, uint32_t type, const void *head, size_t head_len,
                const struct image_data *data, struct cls_error *err)
{
    uint64_t length = head_len + (data ? data->len : 0);

    return record_begin(out, type, length, err) && cls_output_write(out, head, head_len, err) &&
           (!data || put_data(out, data, "data", err)) && record_pad(out, length, err);
}
