/*
 * Moves bulk from the input to the output, in the kernel where the two ends allow it.
 */
#ifndef BASE_MOVE_H
#define BASE_MOVE_H

#include "base/input.h"
#include "base/log.h"
#include "base/output.h"

struct cls_move_options {
    bool sparse;       /* the output, a file of ours that holds nothing yet, gets holes for zeros */
    bool durable;      /* it is going to be synced */
    bool compare;      /* it was written before, and is compared with what is put into it now */
    uint64_t expected; /* it is a file of ours, likely to have as many bytes; 0: not known */
};

/*
 * Picks, once, the output's operations for these two ends, enlarges pipes where that is permitted
 * and tells the log. To be called before anything is moved. Which way is the fastest for which ends
 * was measured: docs/benchmarks.md.
 */
void cls_move_prepare(struct cls_input *in, struct cls_output *out,
                      const struct cls_move_options *options, const struct cls_log *log);

/*
 * Consumes exactly n bytes of the input and puts them behind what the output holds. what names them
 * in an error. Ends that refuse to splice after all are moved between by reading and writing.
 */
bool cls_move(struct cls_input *in, struct cls_output *out, uint64_t n, const char *what,
              struct cls_error *err) CLS_MUST_CHECK;

#endif
