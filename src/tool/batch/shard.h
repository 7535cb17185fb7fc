/*
 * A part of a list of files, so that several machines can share the work without communication.
 */
#ifndef BATCH_SHARD_H
#define BATCH_SHARD_H

#include "base/error.h"

struct shard {
    unsigned number, count; /* the number-th of count parts, from 1; count 0: everything */
};

/*
 * The 64-bit FNV-1a hash h of path, as h ^ h >> 32. It must never change: machines with different
 * versions may share an archive.
 */
uint64_t shard_hash(const char *path);

/* Is path (relative to the input directory) in this part: shard_hash() % count == number - 1? */
bool shard_has(const struct shard *shard, const char *path);

/* Parses "K/N". Returns false if it is invalid. */
bool shard_parse(const char *text, struct shard *shard) CLS_MUST_CHECK;

/*
 * Takes the part from the variables of a Slurm array job (SLURM_ARRAY_TASK_ID, _MIN, _COUNT, _STEP)
 * or of an indexed Job of Kubernetes (JOB_COMPLETION_INDEX, and JOB_COMPLETIONS, which the manifest
 * must set, since Kubernetes does not). Fails with CLS_USAGE if they are not set or inconsistent.
 */
bool shard_from_environment(struct shard *shard, struct cls_error *err) CLS_MUST_CHECK;

#endif
