/*
 * --verify: both files are read once more, to prove that the new one is sound and holds every page
 * and blob of the old one.
 */
#ifndef CONVERT_READ_BACK_H
#define CONVERT_READ_BACK_H

#include "convert/in_file.h"
#include "convert/out_file.h"
#include "legacy/reader.h"
#include "v2/writer.h"

/* Offsets in a file: where what is ours begins, and where it ends. */
struct read_back_extent {
    uint64_t start, end;
};

struct read_back {
    const struct cls_input *in; /* as the conversion left it: fd, name, watch */
    const struct out_file *out;
    struct read_back_extent in_at, out_at;
    bool relabelled;              /* only the envelope was changed (relabel.h); else: */
    struct legacy_options reader; /* as the conversion used them */
    struct v2_options writer;
    bool sync; /* what is compared shall come from the disk */
};

/* CLS_USAGE where one of the two cannot be read again. To be asked before anything is read. */
bool read_back_possible(const struct in_file *in, const char *in_name, const struct out_file *out,
                        struct cls_error *err) CLS_MUST_CHECK;

/*
 * Verifies and compares. Everything was written; both fds stand behind the stream afterwards, as
 * before. Fails with CLS_SYSTEM: since the input was sound before, it changed meanwhile, a disk or
 * memory is at fault, or we are.
 */
bool read_back(const struct read_back *rb, const struct cls_log *log,
               struct cls_error *err) CLS_MUST_CHECK;

#endif
