/*
 * A consumer that records what the reader gives, as text: one line per item. Bytes appear as runs,
 * "4096*11,1*fe".
 */
#ifndef UNIT_TRANSCRIPT_H
#define UNIT_TRANSCRIPT_H

#include "base/image.h"
#include "legacy/reader.h"
#include "support.h"

/* What the consumer does with bulk data in the input. */
enum appetite {
    EAT_ALL,
    EAT_HALF,
    EAT_NOTHING,
};

struct reading {
    /* set by the caller; log may be NULL */
    struct legacy_options options;
    enum appetite appetite;
    bool look_behind; /* also ask whether a further body follows */
    const struct cls_log *log;
    /* results */
    bool ok;
    struct cls_error err;
    struct bytes text;   /* with a NUL at its end */
    uint64_t end_offset; /* of the input, as counted by the reader */
    int64_t fd_offset;   /* the fd's offset */
    bool sees_more, rest_dropped;
};

/* Reads a stream from a file. To be freed by reading_free(). */
void reading_run(struct reading *reading, const struct bytes *stream);
/* The same from any fd. */
void reading_run_fd(struct reading *reading, int fd);
const char *reading_text(const struct reading *reading);
void reading_free(struct reading *reading);

#endif
