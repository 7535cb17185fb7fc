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

/*
 * After a stream was read from a regular file that is ours as a whole: fails where anything is left
 * in it, unless that is a further checkpoint (which was not wanted then): that gets a warning.
 * Reads without moving the fd. Other inputs are not looked at: others may own what follows.
 */
bool leftover_check(struct cls_input *in, const struct leftover_stream *stream,
                    const struct cls_log *log, struct cls_error *err) CLS_MUST_CHECK;

#endif
