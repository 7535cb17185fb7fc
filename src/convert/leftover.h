#ifndef CONVERT_LEFTOVER_H
#define CONVERT_LEFTOVER_H

#include "base/input.h"

struct leftover_stream {
    unsigned width;
    uint64_t p2m_size;
    bool last_checkpoint; /* the stream itself said that nothing follows */
    bool by_name;         /* the whole file is ours: nobody reads on behind the stream */
};

/*
 * After a stream was read from a regular file: fails where what is left in the file is a further
 * checkpoint, or, in a file that is ours as a whole, where anything is left. Reads without moving
 * the fd. Inputs that are no regular files are not looked at: others may own what follows.
 */
bool leftover_check(struct cls_input *in, const struct leftover_stream *stream,
                    struct cls_error *err) CLS_MUST_CHECK;

#endif
