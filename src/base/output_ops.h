/*
 * The operations of outputs. Each open function replaces those of an output that holds nothing yet.
 */
#ifndef BASE_OUTPUT_OPS_H
#define BASE_OUTPUT_OPS_H

#include "base/output.h"

/* By write(), to any fd. */
extern const struct cls_output_ops output_loop;

/* By splice(), where one of the two ends is a pipe. */
extern const struct cls_output_ops output_splice;

/* As output_loop to a file that can seek, but with holes for blocks of zeros. */
extern const struct cls_output_ops output_sparse;

/* Writes nothing: compares what it is given with the file's content; output_compare.c. */
extern const struct cls_output_ops output_compare;

/*
 * To a file, by splice through a pipe of the output's own. The file may be allocated ahead of what
 * is written, but not beyond expected bytes. False: no pipe of the needed size is to be had.
 */
bool output_staged_open(struct cls_output *out, uint64_t expected);

/* Fills err: writing failed with errno value errnum. Always returns false. */
bool output_fail(const struct cls_output *out, struct cls_error *err, int errnum);

/* The write of output_loop. */
bool output_write_all(struct cls_output *out, const uint8_t *bytes, size_t n,
                      struct cls_error *err) CLS_MUST_CHECK;

/* Accounts for n bytes of *left that the kernel moved from in to out. */
void output_count_moved(struct cls_output *out, struct cls_input *in, uint64_t *left, size_t n);

#endif
