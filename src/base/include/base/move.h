/*
 * Moves bulk data from the input to the output, inside the kernel if the two ends allow it.
 */
#ifndef BASE_MOVE_H
#define BASE_MOVE_H

#include "base/input.h"
#include "base/log.h"
#include "base/output.h"

struct cls_move_options {
    bool sparse;       /* blocks of zeros become holes; the output must be a new, empty file */
    bool durable;      /* the output will be synced */
    bool compare;      /* compare with the content of the output instead of writing */
    uint64_t expected; /* probable size of the output, a new file, in bytes; 0: not known */
};

/*
 * Chooses the output's operations for these two ends, enlarges pipes if permitted, and logs the
 * choice. To be called once, before anything is moved. log may be NULL. docs/benchmarks.md has the
 * measurements for the choice.
 */
void cls_move_prepare(struct cls_input *in, struct cls_output *out,
                      const struct cls_move_options *options, const struct cls_log *log);

/*
 * Consumes exactly n bytes of the input and appends them to the output. what: their name in errors.
 * If splice() fails, the bytes are read and written. Fails with CLS_BAD_INPUT if the input ends
 * early, else with CLS_SYSTEM.
 */
bool cls_move(struct cls_input *in, struct cls_output *out, uint64_t n, const char *what,
              struct cls_error *err) CLS_MUST_CHECK;

#endif
