/*
 * Moves bulk from the input to the output, in the kernel where the two ends allow it.
 */
#ifndef BASE_MOVE_H
#define BASE_MOVE_H

#include "base/input.h"
#include "base/log.h"
#include "base/output.h"

struct cls_move_options {
    bool sparse;       /* blocks of zeros become holes; the output must be a new, empty file */
    bool durable;      /* the output will be synced */
    bool compare;      /* compare with what the output holds instead of writing */
    uint64_t expected; /* size that the output, a new file, will probably have; 0: not known */
};

/*
 * Chooses the output's operations for these two ends, enlarges pipes where permitted, and logs the
 * choice. To be called once, before anything is moved. docs/benchmarks.md has the measurements
 * behind the choice.
 */
void cls_move_prepare(struct cls_input *in, struct cls_output *out,
                      const struct cls_move_options *options, const struct cls_log *log);

/*
 * Consumes exactly n bytes of the input and appends them to the output. what names them in an
 * error. Where splice() turns out to be refused, the bytes are read and written.
 */
bool cls_move(struct cls_input *in, struct cls_output *out, uint64_t n, const char *what,
              struct cls_error *err) CLS_MUST_CHECK;

#endif
