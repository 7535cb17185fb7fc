/*
 * A stand-in for machines with little memory: what counts as a large output depends on it.
 */
#ifndef UNIT_SMALL_MEMORY_H
#define UNIT_SMALL_MEMORY_H

/* From now on sysconf(_SC_PHYS_PAGES) returns that many pages; 0: the truth again. */
void small_memory(long pages);

#endif
