#ifndef CONVERT_LEFTOVER_H
#define CONVERT_LEFTOVER_H

#include "base/input.h"
#include "base/log.h"

struct leftover_stream {
    unsigned width;
    uint64_t p2m_size;
    bool last_checkpoint; /* the stream itself said that nothing follows */
    bool by_name;         /* the whole file is ours: nobody reads on behind the stream */
};

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
 * After a stream was read from a regular file that is ours as a whole: as leftover_judge(), unless
 * what is left is a further checkpoint (which was not wanted then): that gets a warning. Reads
 * without moving the fd. Other inputs are not looked at: others may own what follows.
 */
bool leftover_check(struct cls_input *in, const struct leftover_stream *stream,
                    const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

#endif
