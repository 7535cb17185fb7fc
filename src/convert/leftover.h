#ifndef CONVERT_LEFTOVER_H
#define CONVERT_LEFTOVER_H

#include "legacy/reader.h"

/* The bytes behind a stream. */
struct leftover {
    uint64_t size;
    bool is_data; /* not all of them are zeros, as what dd and tapes pad files with */
    bool more;    /* there are more, that were not looked at */
};

void leftover_add(struct leftover *left, const uint8_t *bytes, size_t n);

/*
 * Fails where there is data, and names the way to convert without it; padding gets a warning. in
 * stands at the end of the stream.
 */
bool leftover_judge(const struct leftover *left, const struct cls_input *in, const char *way_out,
                    const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

/*
 * After reader came to the end of its stream, which is read from in: where that is a regular file
 * that is ours as a whole (by_name), as leftover_judge(), unless what is left is a further
 * checkpoint (which was not wanted then): that gets a warning. Reads without moving the fd. Other
 * inputs are not looked at: others may own what follows.
 */
bool leftover_check(struct cls_input *in, const struct legacy_reader *reader, bool by_name,
                    const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

#endif
