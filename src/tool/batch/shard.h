/*
 * A part of a list of files, for several machines to share the work without talking to each other.
 */
#ifndef BATCH_SHARD_H
#define BATCH_SHARD_H

#include "base/error.h"

struct shard {
    unsigned number, count; /* the number-th of count parts, from 1; count 0: everything */
};

/*
 * 64 bits of FNV-1a over the bytes of path, its upper half folded onto the lower: h ^ h >> 32. The
 * same everywhere and for ever, so that parts stay what they are.
 */
uint64_t shard_hash(const char *path);

/* Is path (relative to the input directory) in this part: is shard_hash() % count number - 1? */
bool shard_has(const struct shard *shard, const char *path);

/* "K/N". */
bool shard_parse(const char *text, struct shard *shard) CLS_MUST_CHECK;

/*
 * As an array job of Slurm (SLURM_ARRAY_TASK_ID, _MIN, _COUNT, _STEP) or an indexed Job of
 * Kubernetes (JOB_COMPLETION_INDEX; the number of completions is not told to the pods, so that
 * JOB_COMPLETIONS must be set by the manifest) has it. Fails (CLS_USAGE) outside of these, and
 * where the variables make no sense.
 */
bool shard_from_environment(struct shard *shard, struct cls_error *err) CLS_MUST_CHECK;

#endif
