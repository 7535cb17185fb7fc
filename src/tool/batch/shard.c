#include "shard.h"

#include <errno.h>
#include <stdlib.h>

#define FNV_OFFSET_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME        UINT64_C(0x100000001b3)
#define COUNT_MAX        1000000

uint64_t shard_hash(const char *path)
{
    uint64_t hash = FNV_OFFSET_BASIS;

    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * FNV_PRIME;
    return hash ^ hash >> 32;
}

bool shard_has(const struct shard *shard, const char *path)
{
    return shard->count == 0 || shard_hash(path) % shard->count == shard->number - 1;
}

/*
 * Parses a decimal number up to max. end NULL: nothing may follow it; else *end is set to the byte
 * after it.
 */
static bool parse_number(const char *text, const char **end, unsigned long max, unsigned *n)
{
    char *stop;
    unsigned long value;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    value = strtoul(text, &stop, 10);
    if (errno != 0 || value > max || (!end && *stop))
        return false;
    if (end)
        *end = stop;
    *n = (unsigned)value;
    return true;
}

static bool is_part(const struct shard *shard)
{
    return shard->number >= 1 && shard->number <= shard->count;
}

bool shard_parse(const char *text, struct shard *shard)
{
    const char *rest;

    *shard = (struct shard){0};
    return parse_number(text, &rest, COUNT_MAX, &shard->number) && *rest == '/' &&
           parse_number(rest + 1, NULL, COUNT_MAX, &shard->count) && is_part(shard);
}

/* Parses an environment variable. If it is not set, *n keeps its value. */
static bool from_variable(const char *name, unsigned *n, struct cls_error *err)
{
    const char *value = getenv(name);

    if (!value || parse_number(value, NULL, UINT32_MAX, n))
        return true;
    return cls_fail(err, CLS_USAGE, "%s is not a number: %s", name, value);
}

static bool from_slurm(struct shard *shard, struct cls_error *err)
{
    unsigned id = 0, first = 0, step = 1;

    if (!from_variable("SLURM_ARRAY_TASK_ID", &id, err) ||
        !from_variable("SLURM_ARRAY_TASK_MIN", &first, err) ||
        !from_variable("SLURM_ARRAY_TASK_STEP", &step, err) ||
        !from_variable("SLURM_ARRAY_TASK_COUNT", &shard->count, err))
        return false;
    if (id >= first && step > 0 && (id - first) % step == 0)
        shard->number = (id - first) / step + 1;
    return is_part(shard) || cls_fail(err, CLS_USAGE,
                                      "SLURM_ARRAY_TASK_ID, _MIN, _STEP and _COUNT do not form K/N "
                                      "(for an array given as a list of ids, use --shard K/N)");
}

static bool from_kubernetes(struct shard *shard, struct cls_error *err)
{
    unsigned index = 0;

    if (!from_variable("JOB_COMPLETION_INDEX", &index, err) ||
        !from_variable("JOB_COMPLETIONS", &shard->count, err))
        return false;
    shard->number = index + 1;
    return is_part(shard) ||
           cls_fail(err, CLS_USAGE,
                    "JOB_COMPLETION_INDEX is set, but JOB_COMPLETIONS does not fit: set it to the "
                    "number of completions, or use --shard K/N");
}

bool shard_from_environment(struct shard *shard, struct cls_error *err)
{
    *shard = (struct shard){0};
    if (getenv("SLURM_ARRAY_TASK_ID"))
        return from_slurm(shard, err);
    if (getenv("JOB_COMPLETION_INDEX"))
        return from_kubernetes(shard, err);
    return cls_fail(
        err, CLS_USAGE,
        "--shard auto needs SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX in the environment");
}
