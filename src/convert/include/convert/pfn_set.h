/*
 * Which pfns were seen: a bit for each up to the highest, 32 MiB at most.
 */
#ifndef CONVERT_PFN_SET_H
#define CONVERT_PFN_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PFN_SET_MAX (UINT64_C(1) << 28) /* higher ones are taken to come once */

/* Start with all zero; free the bits. */
struct pfn_set {
    uint8_t *bits;
    size_t size;
    bool no_memory; /* for some */
};

/* Adds it; returns true where it was there before. */
bool pfn_set_add(struct pfn_set *set, uint64_t pfn);

#endif
